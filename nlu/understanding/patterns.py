"""Compiles the patterns in `patterns.yml` beside this file."""

import re
from functools import cache
from pathlib import Path

import yaml

_APOSTROPHES = str.maketrans("’‘ʼ`", "''''")
_REFERENCE = re.compile(r"\{([a-z_]+)\}")


@cache
def _load_patterns() -> dict[str, list[str] | str]:
    path = Path(__file__).with_name("patterns.yml")
    content: dict[str, list[str] | str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def straighten_apostrophes(text: str) -> str:
    """`text` with every kind of apostrophe as a straight one; its length stays the same."""
    return text.translate(_APOSTROPHES)


def compile_pattern(template: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """Compile `template`, in which {name} stands for the alternatives called `name`."""
    return re.compile(_fill(template), flags)


def read_words(name: str) -> frozenset[str]:
    """The plain words listed under `name`."""
    return frozenset(str(_load_patterns()[name]).split())


def _fill(template: str) -> str:
    return _REFERENCE.sub(lambda reference: _join_alternatives(reference[1]), template)


def _join_alternatives(name: str) -> str:
    # Apostrophes are often left out.
    alternatives = "|".join(_load_patterns()[name]).replace("'", "'?")
    return f"(?:{_fill(alternatives)})"
