"""Plain text from messy text, and the patterns of the crisis guard over it.

Owns the reading of `patterns.yml`. Needs no model and no network. Must never
keep, log or raise an error with what a person wrote.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Kind = Literal[
    "suicide", "self_harm", "danger", "abuse", "medical", "overdose", "child", "someone_else"
]

# Telegram sends at most 4,096 characters; longer web messages keep their two ends, where a
# long story tends to say what it is about.
_LONGEST = 6000

_QUOTES = dict.fromkeys(map(ord, "'’‘‛ʼʹʻ´`′＇ʽꞌ"), "'") | dict.fromkeys(map(ord, '"“”„‟«»″'), '"')
_LEET = str.maketrans("013457$@!|", "oieastsail")
_LEET_L = str.maketrans("013457$@!|", "oleastsail")
_TOKEN = re.compile(r"[^\W_]+(?:['*@$!|][^\W_]+|\*+[^\W_]*)*|[.!?;:\n]+")
_SPELT_OUT = re.compile(r"(?<!\w)(?:\w[ .\-_]){2,}\w(?!\w)")
_RUN = re.compile(r"(.)\1{2,}")

# Words worth recognising when they are drawn out, masked or written with digits.
_KEYWORDS = tuple(
    "kill killing killed killer die died dies dying dead death suicide suicidal myself himself "
    "herself want wanna end life live living alive cut cutting harm self hurt hurting overdose "
    "overdosed pills hang hanging rape raped raping help hate kms kys anymore goodbye sorry "
    "please abuse abused abusive hit hits stab stabbed gone over done bleeding breathe breathing "
    "alone tired tonight scared unconscious ambulance paracetamol strangled collapsed worthless "
    "emergency anymore drown drowning sleep wake noose knife blade".split()
)
# Only words long enough that no slip of theirs is another word.
_SLIPPERY = tuple(
    "suicide suicidal myself himself herself overdose overdosed unconscious ambulance "
    "paracetamol strangled collapsed breathing anymore worthless emergency domestic "
    "killing".split()
)

_SPELLINGS: dict[str, str] = {}
for _plain, _others in {
    "suicide": "suicde sucide suiside suecide suicied sucicide suacide sueside suicid "
    "suizide scuicide suiciding suiced suicude sucidee",
    "suicidal": "suicidle suicidel sucidal suicdal suisidal suicidial suicideal sucidle sucicidal "
    "suicidul suicidall suecidal scuicidal",
    "kill myself": "kms killmyself unaliving unalive",
    "kill yourself": "kys",
    "want to": "wanna wana wanta wannna",
    "going to": "gonna gunna gona gonnae goin guna",
    "trying to": "tryna",
    "got to": "gotta",
    "have to": "hafta",
    "myself": "meself mesen mysen misen masel maself myslef mysefl mself miself myselves",
    "do not": "dont dnt dony donot dinnae dunt dontt",
    "do not know": "dunno",
    "does not": "doesnt dosnt dosent doesn",
    "did not": "didnt didna didnae",
    "can not": "cant cannot cnt canny cannae carnt canna",
    "could not": "couldnt",
    "will not": "wont willnae",
    "would not": "wouldnt wudnt",
    "should not": "shouldnt",
    "is not": "isnt aint int isnae isn",
    "are not": "arent",
    "was not": "wasnt wasn wasnae",
    "were not": "werent weren",
    "have not": "havent avent haven",
    "has not": "hasnt hasn",
    "had not": "hadnt",
    "i am": "im iam i'm iz",
    "i have": "ive",
    "i will": "i'll",
    "i would": "i'd",
    "he is": "hes he's",
    "she is": "shes she's",
    "they are": "theyre",
    "they have": "theyve",
    "we are": "we're",
    "we have": "weve",
    "you are": "youre",
    "it is": "its",
    "there is": "theres",
    "that is": "thats",
    "what is": "whats wots",
    "who is": "whos",
    "it will": "itll",
    "it would": "itd",
    "he will": "he'll",
    "she will": "she'll",
    "he would": "hed he'd",
    "she would": "she'd",
    "they will": "theyll",
    "they would": "theyd",
    "would have": "wouldve woulda",
    "could have": "couldve coulda",
    "should have": "shouldve shoulda",
    "let us": "let's",
    "someone": "somebody some1 sumone someones someonee summone",
    "no one": "nobody noone nobodys noones",
    "everyone": "everybody every1 evryone everyones everybodys",
    "any more": "anymore anymor nomore",
    "to": "2 tae",
    "dead": "deid",
    "was": "wis",
    "and": "nd n",
    "with": "wiv wi",
    "nothing": "nowt nuffin nothin nuthin nuttin nuffink",
    "something": "summat sumthing somethin owt",
    "because": "cos coz cuz bcos becos",
    "you": "u ya",
    "your": "ur",
    "are": "r",
    "please": "pls plz",
    "people": "ppl",
    "without": "widout wivout w/o",
    "want": "wnat wan wnt wantt",
    "mum": "mam ma mom mummy",
    "would": "wud",
    "could": "cud",
    "should": "shud",
    "cutting": "cuttin",
    "hurting": "hurtin",
    "killing": "killin",
    "dying": "dyin dieing",
    "living": "livin",
    "going": "goin",
    "tablets": "tabs",
    "daughter": "dauter daugther",
    "neighbour": "neighbor nieghbour neighbours neighbors",
    "breathe": "breath breate breeth breth",
    "bruises": "brusies bruses bruzes",
    "answering": "anwsering ansering",
    "abusive": "abbusive",
    "until": "till til untill",
}.items():
    _SPELLINGS.update(dict.fromkeys(_others.split(), _plain))


def _squeeze(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


_SQUEEZED = {_squeeze(word): word for word in (*_KEYWORDS, *_SPELLINGS)}


def _slips(word: str) -> Iterator[str]:
    """`word` with one letter lost, doubled or changed places with the next."""
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[: i + 1] + word[i:]
        yield word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]


for _word in _SLIPPERY:
    for _slip in _slips(_word):
        if _slip not in _KEYWORDS:
            _SPELLINGS.setdefault(_slip, _SPELLINGS.get(_word, _word))


def fold(text: str) -> str:
    """`text` in one case and one set of characters: what the encoder is given.

    Compatibility forms, accents, invisible characters and curly quotes are evened out, so
    that how a phone typed a sentence cannot change its label.
    """
    if len(text) > _LONGEST:
        text = text[: _LONGEST // 2] + "\n" + text[-_LONGEST // 2 :]
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES)).translate(_QUOTES)
    # Up, then down: letters such as ß and ı have a capital that is another letter.
    text = unicodedata.normalize("NFKD", text.upper().casefold())
    kept = (c for c in text if unicodedata.category(c) not in {"Mn", "Me", "Cf", "Cs", "Co", "Cn"})
    return " ".join("".join(kept).translate(_QUOTES).split(" ")).strip()


def simplify(text: str) -> str:
    """`fold`ed text as the patterns expect it: plain words, and " . " between sentences."""
    text = _SPELT_OUT.sub(lambda found: re.sub(r"[ .\-_]", "", found[0]), text)
    words: list[str] = []
    for token in _TOKEN.findall(text.replace("-", " ").replace(",", " ")):
        if token[0] in ".!?;:\n":
            if words and words[-1] != ".":
                words.append(".")
        else:
            words.extend(_plain_words(token))
    return " ".join(words).replace("my self", "myself").replace("him self", "himself")


def _plain_words(token: str) -> Iterable[str]:
    bare = token.replace("'", "")
    if token in _SPELLINGS or bare in _SPELLINGS:
        return (_SPELLINGS.get(token) or _SPELLINGS[bare]).split()
    if "*" in token:
        return (_unmasked(token),)
    if token.isascii() and not token.isalpha() and not token.isdigit():
        for table in (_LEET, _LEET_L):
            word = bare.translate(table)
            if word in _SPELLINGS:
                return _SPELLINGS[word].split()
            if word in _KEYWORDS:
                return (word,)
        bare = re.sub(r"[@$!|]", " ", bare)
    if not bare.isdigit() and _RUN.search(bare):
        word = _SQUEEZED.get(_squeeze(bare), _RUN.sub(r"\1\1", bare))
        return _SPELLINGS.get(word, word).split()
    return bare.split()


def _unmasked(token: str) -> str:
    shape = re.compile(re.escape(token).replace(r"\*", ".") + "$")
    return next((word for word in _KEYWORDS if shape.match(word)), token.replace("*", ""))


@dataclass(frozen=True)
class Marks:
    """The kinds of danger the patterns saw, in file order, and whether any was set aside.

    One is set aside when it is denied, or well in the past.
    """

    crisis: tuple[Kind, ...]
    set_aside: bool


@dataclass(frozen=True)
class _Rules:
    crisis: tuple[tuple[Kind, re.Pattern[str]], ...]
    past: re.Pattern[str]
    present: re.Pattern[str]
    denial: re.Pattern[str]


@cache
def load_rules() -> _Rules:
    """The compiled patterns. Raises re.error or KeyError if the file is broken."""
    document = yaml.safe_load(files("bot.safety").joinpath("patterns.yml").read_text("utf-8"))
    pieces = {name: piece.replace("| ", "|") for name, piece in document["pieces"].items()}

    def compiled(pattern: str) -> re.Pattern[str]:
        pattern = re.sub(r"<([a-z]+)>", lambda found: pieces[found[1]], pattern)
        return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")

    return _Rules(
        crisis=tuple((k, compiled(p)) for k, group in document["crisis"].items() for p in group),
        past=compiled(document["past"].replace("| ", "|")),
        present=compiled(document["present"].replace("| ", "|")),
        denial=re.compile(rf"(?<!\w)(?:{document['denial'].replace('| ', '|')}) $"),
    )


def mark(plain: str) -> Marks:
    """The marks of a message that went through `fold` and `simplify`. Never raises."""
    rules = load_rules()
    set_aside = False
    crisis: dict[Kind, None] = {}
    for kind, pattern in rules.crisis:
        for found in pattern.finditer(plain):
            sentence = _sentence(plain, found.start(), found.end())
            over = rules.past.search(sentence) and not rules.present.search(sentence)
            if over or rules.denial.search(plain[: found.start()]):
                set_aside = True
            else:
                crisis[kind] = None
    return Marks(tuple(crisis), set_aside)


def _sentence(plain: str, start: int, end: int) -> str:
    stop = plain.find(" .", end)
    return plain[plain.rfind(". ", 0, start) + 1 : stop if stop >= 0 else len(plain)]
