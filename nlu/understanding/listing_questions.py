"""Puts a question about several listings, or about one that it names, as a question about one.

Every function is pure and takes text as `directory.answers.questions.spell_out` gives it.
"""

import re
from collections.abc import Set

from directory.answers.questions import find_question_start
from directory.indexing.words import find_stems
from nlu.components.entity_patterns import find_entities
from nlu.understanding.references import ORDINALS

# Words between what names a listing and the question.
_AFTER_NAME = frozenset(
    "one ones again before earlier from was were is better best looks looked sounds sounded good "
    "nice group club then ok please".split()
)
_ALL = re.compile(
    r"\b(?:which|whichever|of (?:them|these|those)|(?:do|are|is) (?:any|either|both))\b"
)
_WHICH = r"\bwhich(?: (?:one|ones|of (?:them|these|those)))?"
_SUPERLATIVE = re.compile(rf"{_WHICH}(?: is| are)?(?: the)? (\w{{3,}}est)\b")
# The first that fits counts.
_COMPARISONS = (
    (re.compile(r".*\b(?:near|clos)(?:er|est)\b.*"), "where is it"),
    (re.compile(r".*\bcheap(?:er|est)\b.*"), "how much is it"),
    (re.compile(rf"(.*){_WHICH} (?:has|have) (.+)"), r"\1does it have \2"),
    (re.compile(rf"(.*){_WHICH} (is|are|would|will|can|do|does) (.+)"), r"\1\2 it \3"),
)


def is_about_several(text: str) -> bool:
    """Whether the words ask about all that were shown, whatever words of their names they hold."""
    return bool(_ALL.search(text))


def ask_of_each(text: str) -> str | None:
    """What to ask of each listing, where `text` compares them: "is it flat" for the flattest."""
    for pattern, asked in _COMPARISONS[:2]:
        if pattern.fullmatch(text):
            return asked
    if superlative := _SUPERLATIVE.search(text):
        return f"is it {_find_positive(superlative[1])}"
    for pattern, asked in _COMPARISONS[2:]:
        if comparison := pattern.fullmatch(text):
            return comparison.expand(asked).strip()
    return None


def cut_name(text: str, stems: Set[str]) -> str:
    """Without what names a listing before the question, as in "the choir, when is it".

    `stems` are those of the words that name it.
    """
    words, start = text.split(), find_question_start(text)
    before = len(text[:start].split())
    naming = [at for at, word in enumerate(words[:before]) if stems & {*find_stems(word)}]
    if not naming:
        return text
    end = naming[-1] + 1
    while end < before and words[end].strip(",.") in _AFTER_NAME:
        end += 1
    return " ".join(words[end:]) or text


def call_position_it(text: str) -> str:
    """With "it" in place of "number one" or "the second one", which no listing knows."""
    for found in find_entities(text):
        if found["entity"] == "listing" and found["value"] in ORDINALS:
            before = re.sub(r"\bthe\s*$", "", text[: found["start"]], flags=re.IGNORECASE)
            after = re.sub(r"^ ones?\b", "", text[found["end"] :])
            return f"{before}it{after}" if before.strip() else after.strip(" ,") or text
    return text


def _find_positive(superlative: str) -> str:
    """The adjective of a form in "-est": gentle, easy, flat, small, quiet."""
    stem = superlative.removesuffix("est")
    if stem.endswith("i"):
        return f"{stem[:-1]}y"
    if stem[-1] == stem[-2] and stem[-1] not in "ls":
        return stem[:-1]
    return f"{stem}e" if re.search(r"[^aeioul]l$|[aeiou][cfgsvz]$|rg$", stem) else stem
