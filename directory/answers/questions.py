"""Reads what a person asks: the single questions of a message, and how each wants to be answered.

Pure functions of a message. Must never keep one.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from directory.answers.concepts import find_asked_concepts
from directory.indexing.words import find_stems

_WORD = re.compile(r"[\w£]+(?:['’]\w+)?")
_WH = (
    r"what|when|where|who|whom|whose|which|why|how|whats|wheres|whens|whos|hows|"
    r"what's|where's|who's|when's|how's"
)
_AUXILIARY = (
    r"is|are|isnt|arent|was|were|do|does|dont|doesnt|did|can|cant|could|will|wont|would|have|has|"
    r"havent|am|must|should|may|might|shall|need"
)
_SUBJECT = (
    r"i|you|we|they|he|she|it|this|that|these|those|there|the|a|an|any|anyone|anybody|someone|"
    r"somebody|everyone|people|my|me|your|our|his|her|their|kids|children|men|women|dogs|parents|"
    r"non|volunteers|beginners"
)
_WH_OPENER = re.compile(rf"\b(?:{_WH})\b", re.I)
# "i have a stick" is no question.
_POLAR_OPENER = re.compile(
    rf"(?<!\bi )(?<!\bwe )(?<!\byou )(?<!\bthey )(?<!\bto )\b(?:{_AUXILIARY}) (?:{_SUBJECT})\b",
    re.I,
)
_POLAR_START = re.compile(
    rf"^(?:so |and |but |ok |also |please )*(?:{_AUXILIARY}|any|got|anyone|anybody)\b", re.I
)
_WH_START = re.compile(
    rf"^(?:so |and |but |ok |also |please |(?:to|at|from|by|in|on|for|with|until) )*(?:{_WH})\b",
    re.I,
)
_JOINT = re.compile(
    r"\?+|\s*(?:,\s*)?\b(?:and|also|plus|oh and|n|&)\b\s*|\s*&\s*|\s*;\s*|,\s+", re.I
)
# Asks about what was just told: "im 76, is that too old".
_REFERS_BACK = re.compile(
    r"^(?:is|are|will|would|does|do|can) (?:it|that|this|they|i|we|he|she)(?: still)?(?: be)?"
    r"(?: (?:an? )?(?:ok|okay|alright|all right|fine|allowed|problem|issue|matter|too \w+|"
    r"be ok|come|go|join|suitable))?(?: (?:for|with) (?:me|them|him|her|us|that))?\W*$"
)
_BARE_QUESTION = re.compile(rf"^(?:{_WH})\b|^(?:{_AUXILIARY}) (?:{_SUBJECT})\b|^any\b|^got\b", re.I)


_OPENER = re.compile(rf"{_WH_OPENER.pattern}|{_POLAR_OPENER.pattern}|\b(?:any|got)\b", re.I)
_REFERRING = {
    "the",
    "that",
    "this",
    "a",
    "one",
    "group",
    "club",
    "place",
    "for",
    "at",
    "ok",
    "and",
    "about",
}
_NAMED = re.compile(r"\b(?:the|that|this)(?: [\w'-]+){1,6}")
# Stems of words that may follow a part of a name: "the chess club", "the knitting one".
_HEADS = frozenset(find_stems("group club class session place centre bank one team course"))
_TWO_THINGS = re.compile(
    r"^(.*\b(?:there|have|got|any)) (.+?) (?:and|or|n|&) (?!is|are|do|can)((?:[\w-]+ ?){1,3})$"
)
# "Do they ring or visit" wants one of the two, "do they have tea or coffee" a yes.
_CHOICE = re.compile(
    r"^(?:do|does|is|are|will|would|should) (?:it|they|you|i|we|that|this|he|she) "
    r"(?!have|need|speak|take|offer|got|help|give|allow)(?:[\w'-]+ ){1,4}or "
    r"(?!so\b|not\b|some|any|what|else|is\b|are\b|can\b)(?:[\w'-]+ ?){1,4}$"
)
# "What about it" before a question only names the listing.
_WHAT_ABOUT = re.compile(
    rf"^(?:and |so )*(?:what|how) about (?:it|that|this),? (?=(?:{_WH}|{_AUXILIARY})\b)"
)
_LINK = re.compile(r"^(?:(?:and|also|plus|n|so|oh) )+")
_SUBJECT_OF_ALL = re.compile(rf"^((?:the|that)(?: [\w']+){{1,4}}?),? (?=(?:{_WH}|{_AUXILIARY})\b)")
_LAST_THING = re.compile(r"\b(?:an?|the|my|any) [\w']+(?: [\w']+)?$")
_REFERRING_BACK = re.compile(r"\b(?:it|them|that|one)$")
# A question word alone, and the question that it stands for.
_BARE = {
    "when": "when is it",
    "where": "where is it",
    "who": "who is it for",
    "how much": "how much is it",
    "what time": "what time is it",
    "what day": "what day is it",
}


@dataclass(frozen=True)
class Question:
    """One question in plain spelling; `is_open` if it wants words rather than yes or no.

    `is_open` is None where the words have no form, as in "parking?".
    """

    text: str
    is_open: bool | None


@cache
def _load_spellings() -> dict[str, str]:
    return dict(yaml.safe_load((files("directory.answers") / "spellings.yml").read_text("utf-8")))


def spell_out(text: str) -> str:
    """The text in lower case, with what people shorten when they type written out."""
    spellings = _load_spellings()
    text = text.replace("’", "'").casefold()
    return " ".join(
        re.sub(r"[\w']+", lambda word: str(spellings.get(word[0], word[0])), text).split()
    )


def read_questions(message: str, name: str = "") -> list[Question]:
    """The questions in their order: one at least, if the message holds a word.

    Words that only say which listing is meant are left out, if its `name` holds them.
    """
    text = _drop_reference(spell_out(message), spell_out(name))
    text = _WHAT_ABOUT.sub("", _call_listing_it(text, name))
    parts = [_LINK.sub("", part) for part in _split(text)]
    parts = [single for part in parts for single in _split_things(part)]
    parts = [_BARE.get(part, part) for part in _carry_subject(parts)]
    return [Question(part, _is_open(part)) for part in parts]


def _split_things(text: str) -> list[str]:
    """Two questions where two kinds of thing are asked for: "is there parking and a loo"."""
    match = _TWO_THINGS.match(text)
    if not match:
        return [text]
    first, second = (find_asked_concepts(match[number]).keys() for number in (2, 3))
    if not first or not second or first & second:
        return [text]
    return [f"{match[1]} {match[2]}", f"{match[1]} {match[3]}"]


def _carry_subject(parts: list[str]) -> list[str]:
    """Each later question with what the first was about, if it names nothing of its own."""
    if len(parts) < 2:
        return parts
    first, *later = parts
    if (subject := _SUBJECT_OF_ALL.match(first)) and not _asks(subject[1]):
        return [first, *(f"{subject[1]}, {part}" for part in later)]
    thing = _LAST_THING.search(first)
    return [first, *(_REFERRING_BACK.sub(thing[0], part) if thing else part for part in later)]


def find_question_start(text: str) -> int:
    """Where the first question in `text`, as `spell_out` gives it, begins; its end if nowhere."""
    opener = _OPENER.search(text)
    return opener.start() if opener else len(text)


def _drop_reference(text: str, name: str) -> str:
    """Without what stands before the question, if it is nothing but words of the name."""
    opener = _OPENER.search(text)
    if not opener or not opener.start():
        return text
    before = set(_WORD.findall(text[: opener.start()]))
    return text[opener.start() :] if before <= {*_WORD.findall(name), *_REFERRING} else text


def _call_listing_it(text: str, name: str) -> str:
    """With "it" in place of what names the listing, as in "when is the chess club"."""
    own = {*find_stems(name)}

    def replace_name(match: re.Match[str]) -> str:
        words = match[0].split()[1:]
        stems = [next(iter(find_stems(word)), "") for word in words]
        named = [position for position, stem in enumerate(stems) if stem in own]
        if not named or named[0] > 0:
            return match[0]
        end = next((i for i, stem in enumerate(stems) if stem not in own | _HEADS), len(words))
        return " ".join(["it", *words[end:]])

    return _NAMED.sub(replace_name, text)


def _split(text: str) -> list[str]:
    """Cut where a second question begins, and nowhere else."""
    parts: list[str] = []
    start = 0
    for joint in _JOINT.finditer(text):
        left, right = text[start : joint.start()].strip(), text[joint.end() :].strip()
        is_mark = "?" in joint[0]
        if not left or not right:
            continue
        if _REFERS_BACK.search(right) and not _asks(left):
            continue
        if (is_mark or _BARE_QUESTION.search(right)) and _asks(left):
            parts.append(left)
            start = joint.end()
    parts.append(text[start:].strip(" ?.!,"))
    return [part.strip(" ?.!,") for part in parts if _WORD.search(part)]


def _asks(text: str) -> bool:
    return bool(
        _WH_START.search(text)
        or _POLAR_START.search(text)
        or _WH_OPENER.search(text)
        or _POLAR_OPENER.search(text)
    )


def _is_open(text: str) -> bool | None:
    if _WH_START.search(text) or _CHOICE.search(text):
        return True
    if _POLAR_START.search(text):
        return False
    wh, polar = _WH_OPENER.search(text), _POLAR_OPENER.search(text)
    if wh and polar:
        return wh.start() < polar.start()
    if wh or polar:
        return wh is not None
    return None
