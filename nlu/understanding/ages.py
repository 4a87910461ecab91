"""Reads how old the person is whom a search is for, from figures, years and stages of life.

Pure functions of a text. Must never take an age from what happened in the past, nor from a listing.
"""

import re
from datetime import date
from functools import cache
from importlib.resources import files

import Stemmer
import yaml

Ages = tuple[int, int]
"""The youngest and oldest that the person may be, in years."""

_OLDEST = 110
_SCHOOL_YEAR_AGE = 4
"""Added to a year of school, this is the age of its youngest children at its start."""
_DECADES = {
    word: 10 * tens
    for tens, word in enumerate(
        "teens twenties thirties forties fifties sixties seventies eighties nineties".split(), 1
    )
}
_WORD = re.compile(r"[^\W_]+")
_PERSON = r"(?:i|he|she|they|(?:my|our) \w+)"
_NOT_A_COUNT_OF_YEARS = (
    r"(?!\s*(?:miles?|min\w*|hours?|hrs?|days?|weeks?|months?|stone|st|kg|pm|am|people|of us"
    r"|years? (?:ago|sober|clean|in|on|without)|per ?cent|quid|pounds?|%|:|/|\.\d))"
)
_IN_MONTHS = re.compile(r"\b(\d{1,2})[ -]?(?:months?|weeks?|wks?|mths?)[ -]?olds?\b", re.I)
_IN_YEARS = re.compile(
    r"\b(\d{1,3})(?: ?(?:and a half|½))?[ -]?(?:years?|yrs?|yr)?[ -]?olds?\b"
    r"|\baged? (\d{1,3})\b"
    rf"|\b{_PERSON}(?:['’]?s|['’]?m|['’]?re| is| am| are| will be| turned| just turned)"
    r"(?: only| just| now)?"
    r" (?:(?:nearly|almost|coming up to|about|around) )?(\d{1,3})\b(?! and \d)"
    rf"{_NOT_A_COUNT_OF_YEARS}"
    r"|^\W*(?:nearly|almost|coming up to) (\d{1,3})\W*$",
    re.I,
)
_BORN = re.compile(r"\bborn in (19\d\d|20\d\d)\b", re.I)
_DECADE = re.compile(
    r"\bin (?:my|his|her|their|our|(?:my|their|his|her) (?:early|mid|late))"
    rf"(?: (?:early|mid|late))? ({'|'.join(_DECADES)}|[2-9]0['’]?s)\b",
    re.I,
)
_SCHOOL_YEAR = re.compile(r"\b(?:in )?(?:year|yr) (\d{1,2})\b(?! olds?)", re.I)
_SOMEBODY = re.compile(r"\b(?:i|im|ive|he|hes|she|shes|they|theyre|his|her|their|(?:my|our) \w+)\b")
_STEMMER = Stemmer.Stemmer("english")


def read_ages(text: str, today: date) -> Ages | None:
    """The ages that `text` states first; None if it states none."""
    found = [
        (match.start(), ages)
        for pattern, read in _READERS
        for match in pattern.finditer(text)
        if (ages := read(match, today)) and 0 <= ages[0] <= ages[1] <= _OLDEST
    ]
    return min(found)[1] if found else _find_life_stage(text)


def read_speaker_ages(text: str, today: date) -> Ages | None:
    """The ages that the person who writes states first of themselves; None if they state none.

    In "my son is 8 and I'm 30" these are 30, because the nearest person before it is "I".
    """
    found = [
        (match.start(), ages)
        for pattern, read in _READERS
        for match in pattern.finditer(text)
        if (ages := read(match, today))
        and 0 <= ages[0] <= ages[1] <= _OLDEST
        and _is_about_speaker(text[: match.end()])
    ]
    return min(found)[1] if found else None


def _is_about_speaker(text: str) -> bool:
    """Whether the last person in `text` is the one who writes, or nobody else."""
    people = [match.group() for match in _SOMEBODY.finditer(text.casefold())]
    return not people or people[-1].startswith("i")


def _read_months(_match: re.Match[str], _today: date) -> Ages:
    return (0, 1)


def _read_years(match: re.Match[str], _today: date) -> Ages:
    years = int(next(number for number in match.groups() if number and number.isdigit()))
    return (years, years)


def _read_birth(match: re.Match[str], today: date) -> Ages:
    years = today.year - int(match[1])
    return (max(years - 1, 0), years)


def _read_decade(match: re.Match[str], _today: date) -> Ages:
    word = match[1].casefold()
    first = _DECADES.get(word) or int(word[:2])
    return (13, 19) if word == "teens" else (first, first + 9)


def _read_school_year(match: re.Match[str], _today: date) -> Ages | None:
    year = int(match[1])
    return (year + _SCHOOL_YEAR_AGE, year + _SCHOOL_YEAR_AGE + 1) if 1 <= year <= 13 else None


_READERS = (
    (_IN_MONTHS, _read_months),
    (_IN_YEARS, _read_years),
    (_BORN, _read_birth),
    (_DECADE, _read_decade),
    (_SCHOOL_YEAR, _read_school_year),
)


def _find_life_stage(text: str) -> Ages | None:
    words = f" {_stem(text)} "
    return next((ages for term, ages in _load_life_stages().items() if f" {term} " in words), None)


@cache
def _load_life_stages() -> dict[str, Ages]:
    """The ages of each term, as stems."""
    stages = yaml.safe_load((files("nlu.understanding") / "life_stages.yml").read_text("utf-8"))
    return {
        _stem(term): (stage["ages"][0], stage["ages"][1])
        for stage in stages
        for term in stage["terms"]
    }


def _stem(text: str) -> str:
    return " ".join(_STEMMER.stemWords(_WORD.findall(text.casefold())))
