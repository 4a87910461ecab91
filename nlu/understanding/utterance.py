"""What a person's own words say: what is wanted, what is not, and what they could give.

Pure functions of a text, and rules that can be read one by one, because Rasa's intent says
what a message is for and not which of its words mean the opposite. Must never guess: words
that no rule takes out stay in what is wanted.
"""

import re
from dataclasses import dataclass

# A thing that is refused ends where the sentence turns to something else.
_ENDS = (
    r"but|and|so|cos|coz|cause|because|as|please|plz|pls|thanks|ta|in|on|at|near|for|with|just|"
    r"instead|i|im|i'm|i'd|if|that|which|something|somewhere|more|this time|today|then|either"
)
_THING = rf"(?P<thing>(?!(?:{_ENDS})\b)[\w'-]+(?:[ ](?!(?:{_ENDS})\b)[\w'-]+){{0,3}})"
_HAVING = "".join(
    rf"(?<!\b{word} )" for word in ("have", "'ve", "ive", "got", "has", "with", "theres", "there's")
)
_BEING = "".join(
    rf"(?<!\b{word} )" for word in "can could will did do does is am i'm im are was why".split()
)
_REFUSALS = re.compile(
    r"\b(?:but )?(?:i(?:'m| am|m)? )?"
    rf"(?:{_BEING}not|{_HAVING}no(?! one\b)|(?:nothing|nowt)(?! (?:to|for)\b)|except|"
    r"apart from|other than|rather than|instead of|anything but|"
    r"(?:do not|don't|dont|didn't|didnt|dinnae|never) (?:want|like|fancy|enjoy|mean)|"
    r"hate|can't stand|cant stand|not (?:into|keen on))"
    r"(?: (?:a|an|the|any|another|anything|doing|do|for|go|going|to|too|into|keen on|"
    r"interested in|really|like|with|about|more|not))*"
    rf" {_THING}",
    re.I,
)
# What "not" and "no" are said of without anything being refused.
_NOTHING_REFUSED = frozenset(
    "sure know much many one far idea clue been being got had worries thanks thank problem bad "
    "good yet now today here there it them me you money cash friends friend family car transport "
    "work working able allowed alone lonely long only very expensive dear want need feel feeling "
    "going doing well bothered fussed really right even everyone everybody anyone anybody all "
    "always often enough quite sleep sleeping seen heard have has be left point one's ones body "
    "lot lots like that's these those steps stairs what why how where when who as or "
    "internet computer phone wifi english choice change difference doubt wonder matter reason "
    "way longer later less older younger person people wife husband mum dad kids children job "
    "out bother company confidence energy time luck sense life garden home house myself anymore "
    "again".split()
)
# Words that belong to any listing: refused alone they refuse nothing.
_ANY_LISTING = frozenset(
    "group groups club clubs class classes thing things stuff one ones session sessions kind "
    "sort type place places activity activities course courses service services".split()
)
_CHANGES = re.compile(
    r"^\W*(?:(?:no|nah|oh|ok|okay|um|er|hmm|wait|sorry|well|hang on|hold on|but|and)\b\W*)*"
    r"(?:actually|scrap that|forget that|never ?mind that|on second thoughts?|i(?:'ve| have)? "
    r"changed my mind|changed my mind|changed me mind|i meant|i mean|id rather|i'd rather|"
    r"i would rather|rather)\b\W*(?:(?:no|nah|can we|could we|let's|lets|do|have|not that)\b\W*)*"
    r"|\binstead\b(?! of)",
    re.I,
)
_NOT_A_SKILL = (
    r"do|make|come|get|travel|only|also|walk|pay|afford|see|go|be|manage|hear|attend|join|find|"
    r"meet|have|use|sit|stand|not|never|barely|hardly|no longer|start|try|learn|talk|chat|ask|"
    r"call|ring|eat|feel|bring|take part|leave|still|just|reach|catch|spend|relax"
)
_OF_USE = r"be (?:of (?:any |some )?(?:use|help)|useful|helpful)"
_STRENGTHS = re.compile(
    rf"\bi can (?!(?:{_NOT_A_SKILL})\b)\w.*"
    r"|\bi could (?:help|teach|drive|bake|cook|lend|give|offer|run|lead|share|mend|fix)\b.*"
    r"|\b(?:i'm|i am|im)(?: (?:quite|very|pretty|really|dead))? (?:good|great|handy|not bad|"
    r"decent|brilliant|experienced|skilled) (?:at|with|in)\b.*"
    r"|\bi(?:'m| am|m)? used to (?:be an?|work|teach|run|coach|lead|build|mend|fix|drive)\b.*"
    r"|\b(?:i'm|i am|im) an? (?:retired|trained|qualified|experienced|former|ex)\b.*"
    r"|\bi(?:'ve| have|ve) (?:worked|taught|years of)\b.*"
    r"|\bi know (?:how to|a lot about|a bit about)\b.*"
    rf"|(?:\b(?:is there )?(?:any|some)where )?\bi (?:can|could|might) {_OF_USE}\b.*"
    rf"|(?:\bwhere )?\b(?:can|could|might) i {_OF_USE}\b.*"
    r"|\bwhere (?:can|could) i (?:help(?: out)?|lend a hand|volunteer)\W*$"
    r"|\b(?:happy|willing|glad) to (?:help|teach|drive|give|volunteer|lend|share)\b.*"
    r"|\bi (?:don't|dont|do not|would not|wouldn't) mind (?:helping|driving|baking|giving)\b.*"
    r"|\b(?:i'd|id|i would|i) (?:like|love|want) to (?:help|volunteer|give|teach)\b.*",
    re.I | re.S,
)
_SPLITS = re.compile(
    r"[.;!?\n]+|,|\b(?:but|and|plus|also)\b"
    r"(?= (?:i|im|i'm|not|no|happy|willing|looking|want|wanna|need|after|would)\b)",
    re.I,
)
_FILLING = (
    r"really|thanks|ta|thank you|sorry|tbh|at all|that i can think of|comes to mind|for now|"
    r"special|just now|much|to be honest"
)
_NOTHING = (
    r"no+|nope|nah|nae|nothing|nowt|none|not really|dunno|idk|not sure|no idea|not much|nobody|"
    r"pass|skip|leave it|never ?mind|(?:i )?(?:do ?n[o'’]?t|dinnae|dunnae) (?:know|ken)|"
    r"(?:i )?can['’]?t think(?: of (?:any|one)(?:thing)?)?|(?:i )?do ?n[o'’]?t think so|"
    r"i['’]?m (?:not|no) (?:any )?good at (?:anything|much|owt)|actually no|"
    r"(?:(?:i['’]?d|i would) )?rather not(?: say)?|prefer not to(?: say)?"
)
_NOTHING_TO_GIVE = re.compile(
    rf"\W*(?:(?:{_FILLING})\b\W*)*(?:{_NOTHING})\b\W*(?:(?:{_FILLING}|{_NOTHING})\b\W*)*", re.I
)
_ASKS = re.compile(
    r"\b(?:looking for|look for|after a|is there|are there|where can i|i want(?: an?)?|i need|"
    r"any (?:other )?\w+ (?:groups?|clubs?|classes)|want to|what about|how about|find me|"
    r"do you have|got any|to meet|to join|to make friends|somewhere|someone to|something)\b",
    re.I,
)
_ASKS_OUTRIGHT = re.compile(
    r"\b(?:looking for|is there (?:a|an|any)|are there (?:a|any|some)|wh(?:ere|aur|eer) can i|"
    r"what about|how about|find me|do you have|have you got|got any)\b",
    re.I,
)
_CURLY = str.maketrans("’‘ʼ`", "''''")


@dataclass(frozen=True)
class Said:
    """`wanted`, `refused` and `given` are the person's words, empty where there are none.

    `changed` tells that they take back what they asked for before.
    """

    wanted: str
    refused: str
    given: str
    changed: bool


def read(text: str) -> Said:
    """What `text` says. Never raises."""
    plain = " ".join(text.translate(_CURLY).split(" "))
    changed = bool(_CHANGES.search(plain))
    rest = _CHANGES.sub(" ", plain)
    refused: list[str] = []

    def take_out(found: re.Match[str]) -> str:
        words = [word for word in found["thing"].split() if word.lower() not in _ANY_LISTING]
        if not words or words[0].lower() in _NOTHING_REFUSED:
            return found[0]
        refused.append(" ".join(words))
        return ","

    rest = _REFUSALS.sub(take_out, rest)
    wanted: list[str] = []
    given: list[str] = []
    for clause in _SPLITS.split(rest):
        if offer := _STRENGTHS.search(clause):
            given.append(offer[0].strip())
            clause = clause[: offer.start()]
        wanted.append(clause.strip(" \t\n,-–—'\""))
    return Said(
        # What is said over and over is said once.
        wanted=", ".join(dict.fromkeys(filter(_has_words, wanted))),
        refused=", ".join(refused),
        given=", ".join(given),
        changed=changed,
    )


def asks_outright(text: str) -> bool:
    """Whether the words ask for something else, whatever was being talked of."""
    return bool(_ASKS_OUTRIGHT.search(text))


def asks(text: str) -> bool:
    """Whether the words ask to be shown something, rather than tell of the person."""
    return bool(_ASKS.search(text))


def gives_nothing(text: str) -> bool:
    """Whether the answer to "what are you good at?" is that nothing comes to mind."""
    return bool(_NOTHING_TO_GIVE.fullmatch(text.translate(_CURLY)))


def _has_words(clause: str) -> bool:
    """Whether there is more in it than what joins sentences and frames a wish."""
    return bool(set(re.findall(r"[\w']+", clause.lower())) - _FRAMING)


_FRAMING = frozenset(
    "a an the and but or so no nah oh ok please plz pls thanks ta not then in on at for with of "
    "to be is it its it's must has have i i'm im i'd id can could only do we would like want need "
    "needs something somewhere one ones group groups thing things just also too me my that this "
    "either tho though all day days time times more less only again still "
    "if possible poss any really preferably prefer ideally it'd better".split()
)
