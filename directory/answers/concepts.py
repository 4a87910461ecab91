"""The plain things that people ask of a listing, found by the words that name them.

Pure functions of a text. The words are data, in `concepts.yml`.
"""

import re
from functools import cache
from importlib.resources import files

import yaml

_NEVER = re.compile(r"(?!)")
_GROUPS = ("asks", "asks_opposite", "states", "denies", "tells")


@cache
def _load_concepts() -> dict[str, dict[str, str]]:
    return dict(yaml.safe_load((files("directory.answers") / "concepts.yml").read_text("utf-8")))


@cache
def load_plain_concepts() -> frozenset[str]:
    """The concepts whose sides alone say yes or no."""
    return frozenset(name for name, groups in _load_concepts().items() if "plain" in groups)


def name_concept(concept: str) -> str:
    """What a person is told that a listing is silent about."""
    return _load_concepts()[concept]["label"]


@cache
def _load_patterns() -> dict[str, dict[str, re.Pattern[str]]]:
    return {
        name: {
            group: re.compile(groups[group], re.I) if group in groups else _NEVER
            for group in _GROUPS
        }
        for name, groups in _load_concepts().items()
    }


def find_asked_concepts(question: str) -> dict[str, int]:
    """Each concept that a question is about: 1 if it asks for its proposition, -1 if against."""
    found = {}
    for name, patterns in _load_patterns().items():
        if patterns["asks_opposite"].search(question):
            found[name] = -1
        elif patterns["asks"].search(question):
            found[name] = 1
    return found


def find_stated_concepts(statement: str) -> dict[str, int]:
    """Each concept that a statement is about: 1 if it states it, -1 if it denies it, or 0."""
    found = {}
    for name, patterns in _load_patterns().items():
        if patterns["denies"].search(statement):
            found[name] = -1
        elif patterns["states"].search(statement):
            found[name] = 1
        elif patterns["tells"].search(statement):
            found[name] = 0
    return found
