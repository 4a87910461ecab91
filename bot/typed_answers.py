"""Matches typed words to the buttons of a question.

Owns which words count as pressing a button. Must never guess: where the words fit several
buttons, or only half of one, all that can be said is that they are in doubt.
"""

import re
import unicodedata
from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.messages import Choices, Option

_MAX_WORDS = 12  # a longer text tells more than an answer
_MIN_SPELLING = 85  # per cent of likeness; below it, "lever" would be "never"
_MIN_LIKENESS = 90
_MIN_LETTERS = 4  # shorter words are too much like others

# They change nothing in what an answer means.
_FILLERS = frozenset(
    "a an the i im ive id am is it its be been can at in of on to or and by for from near my me we "
    "you that this would will say think suppose guess reckon probably perhaps maybe well just "
    "really honestly answer option number choose pick want put go live now then oh um hmm "
    "like them they here there question questions check checkin us".split()
)
_THANKS = frozenset("please thanks thank ta cheers".split())
# They change what an answer means, so that with them no other word counts on its own.
_MODIFIERS = frozenset(
    "not dont isnt cant wont never no nor all most more less very quite so too ever every yes "
    "sure know dunno idk skip prefer".split()
)
# Of these, alone, it is not clear what they would change.
_HALVES = _MODIFIERS - {"yes", "no", "never", "skip", "prefer"}
_SYNONYMS = {
    **dict.fromkeys("yeah yep yup yea aye ok okay sure".split(), "yes"),
    **dict.fromkeys("nope nah".split(), "no"),
    **dict.fromkeys("quit cancel exit enough".split(), "stop"),
    "pass": "skip",
    "rather": "prefer",
}
_QUESTION_WORDS = frozenset(
    "what whats why who whos how when where wheres which is are do does did can could should "
    "will would".split()
)
_NUMBERS = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
    )
    for number, word in enumerate(words.split(), start=1)
}
_AGE_WORDS = frozenset("years year yrs old aged age".split())
_REFUSALS = frozenset({"no thanks", "no thank you", "no ta", "not now", "nah thanks"})
_RANGE = re.compile(r"\b(?P<low>\d+) (?:to (?P<high>\d+)|or over)\b|\bunder (?P<above>\d+)\b")


def find_options(
    text: str, question: Choices, refusal: Option | None = None
) -> tuple[Option, ...] | None:
    """The options that the typed `text` may mean; None if it is no answer to this question.

    One option is the answer. None at all, or several, mean that the text is in doubt: it is about
    the options, and the person has to be asked again. `refusal` is what "no thanks" means here.
    """
    words = _split_words(text)
    if not words or len(words) > _MAX_WORDS:
        return None
    if exact := [option for option in question.options if _split_words(option.label) == words]:
        return tuple(exact)
    if "?" in text or words[0] in _QUESTION_WORDS:
        return None
    if " ".join(words) in _REFUSALS:
        return (refusal,) if refusal else ()
    number = _read_number(words)
    if number is not None:
        return _find_numbered(number, question)
    return _find_by_words(words, question.options)


def _find_numbered(number: int, question: Choices) -> tuple[Option, ...]:
    """The option at that place, counted from 1, and those with that number in their range."""
    answers = question.options[: question.answers or len(question.options)]
    found = list(answers[number - 1 : number]) if number else []
    found += [o for o in answers if o not in found and _has_in_range(o.label, number)]
    return tuple(found)


def _has_in_range(label: str, number: int) -> bool:
    """Whether the label is a range, such as "16 to 24", with that number in it."""
    match = _RANGE.search(label)
    if match is None:
        return False
    if match["above"]:
        return number < int(match["above"])
    return int(match["low"]) <= number <= int(match["high"] or number)


def _find_by_words(words: list[str], options: Sequence[Option]) -> tuple[Option, ...] | None:
    contents = {option: _get_content(_split_words(option.label)) for option in options}
    vocabulary = frozenset().union(*contents.values())
    wanted = frozenset(_correct(word, vocabulary) for word in _get_content(words))
    if "yes" not in vocabulary and len(wanted) > 1:
        wanted -= {"yes"}  # "yes, often"
    if not wanted:
        # "thank you" answers nothing; "i suppose" tries to.
        return None if _THANKS.intersection(words) else ()
    if same := tuple(option for option in options if contents[option] == wanted):
        return same
    if len(wanted) == 1 and wanted <= _HALVES:
        return ()
    if parts := tuple(option for option in options if wanted <= contents[option]):
        return parts
    joined = _join(words)
    alike = tuple(
        option
        for option in options
        if min(len(joined), len(_join(_split_words(option.label)))) > _MIN_LETTERS
        and fuzz.ratio(joined, _join(_split_words(option.label))) >= _MIN_LIKENESS
    )
    if alike:
        return alike
    return () if wanted <= vocabulary | _MODIFIERS else None


def _correct(word: str, vocabulary: frozenset[str]) -> str:
    """The word of the vocabulary that `word` is another form or a misspelling of, or itself."""
    synonym = _SYNONYMS.get(word)
    if word in vocabulary or (word in _MODIFIERS and synonym not in vocabulary):
        return word
    if synonym:
        return synonym
    if len(word) < _MIN_LETTERS:
        return word
    known = [other for other in vocabulary if len(other) >= _MIN_LETTERS]
    alike = process.extract(word, known, scorer=fuzz.ratio, score_cutoff=_MIN_SPELLING, limit=2)
    return str(alike[0][0]) if len(alike) == 1 else word


def _read_number(words: list[str]) -> int | None:
    """The one number in the words, such as 2 of "the second one"; None if there is more."""
    rest = [word for word in words if word not in _FILLERS | _THANKS | _AGE_WORDS]
    if len(rest) == 2 and rest[1] == "one":
        rest.pop()
    if len(rest) != 1:
        return None
    if digits := re.fullmatch(r"(\d{1,3})(?:st|nd|rd|th)?", rest[0]):
        return int(digits[1])
    return _NUMBERS.get(rest[0])


def _get_content(words: list[str]) -> frozenset[str]:
    return frozenset(words) - _FILLERS - _THANKS


def _join(words: list[str]) -> str:
    return "".join(word for word in words if word not in _FILLERS | _THANKS)


def _split_words(text: str) -> list[str]:
    """Lower-case words of ASCII letters and digits, without accents and apostrophes."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = re.sub(r"['’‘ʼ`]", "", plain)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", plain)
