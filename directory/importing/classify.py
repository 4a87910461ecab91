"""What a listing is proposed to be, where its source does not say.

Owns the reading of `classification.yml`: words and what each counts for, which a navigator can
read and change. Must never change what a source has said, and never propose in silence:
every field that it fills is named in `Listing.proposed`.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from directory.listing import ASSETS, KINDS, STRANDS, Listing

FIELDS = ("kind", "strands", "assets")

# What a description says first says best what it is about; the rest is opening times and rooms.
_OPENING = 120
_PARAGRAPH = 330
_ENOUGH = 1.0
_CHOICES = {"kind": KINDS, "strands": STRANDS, "assets": ASSETS}

Reasons = dict[str, dict[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Word:
    """A word or words looked for in one part of a listing, and what they count for."""

    part: str
    words: str
    counts: float
    # Looked for before the pattern: ten times as fast, and it is seldom there.
    start: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Rule:
    """What speaks for one value of a field: its kind of listing, and words."""

    kinds: dict[str, float]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Case:
    """How much speaks for one value, and what."""

    value: str
    score: float
    reasons: tuple[str, ...]


def classify_listing(listing: Listing) -> Listing:
    """The listing with `kind`, `strands` and `assets` filled in where its source gave none.

    `proposed` names the fields that were filled. What was proposed before is proposed anew,
    so that proposing twice changes nothing.
    """
    given = _only_given(listing)
    missing = tuple(field for field in FIELDS if not getattr(given, field))
    cases = _weigh(given)
    values: dict[str, Any] = {field: _values(field, cases[field]) for field in missing}
    return replace(given, proposed=missing, **values)


def explain_classification(listing: Listing) -> Reasons:
    """Why each field in `listing.proposed` holds what it does.

    For each of those fields, each value with the words that spoke for it, as they stand in
    `classification.yml`; "its kind" where being a group, say, speaks for it, and no word at all
    where nothing spoke for anything else.
    """
    cases = _weigh(_only_given(listing))
    return {
        field: {case.value: case.reasons for case in _chosen(field, cases[field])}
        for field in FIELDS
        if field in listing.proposed
    }


def _only_given(listing: Listing) -> Listing:
    empty: dict[str, Any] = {"kind": "", "strands": (), "assets": ()}
    return replace(listing, proposed=(), **{field: empty[field] for field in listing.proposed})


def _weigh(listing: Listing) -> dict[str, list[Case]]:
    """For each field, its values with what speaks for them. Kind first: the others follow it."""
    parts = {
        "name": listing.name,
        "organisation": listing.organisation,
        "opening": listing.description[:_OPENING],
        "text": f"{listing.name}\n{listing.description[:_PARAGRAPH]}",
        "role": "; ".join((*listing.skills_wanted, listing.commitment)),
    }
    parts = {part: _plain(text) for part, text in parts.items()}
    kind = listing.kind
    cases: dict[str, list[Case]] = {}
    for field, rules in _read_rules().items():
        cases[field] = [_weigh_one(value, rule, kind, parts) for value, rule in rules.items()]
        if field == "kind":
            kind = kind or _chosen(field, cases[field])[0].value
    return cases


def _plain(text: str) -> str:
    """Small letters without accents or curly apostrophes, as the rules are written."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\u0300-\u036f]", "", plain).replace("’", "'")


def _weigh_one(value: str, rule: Rule, kind: str, parts: dict[str, str]) -> Case:
    score = rule.kinds.get(kind, 0.0) + rule.kinds.get("any", 0.0)
    reasons = ["its kind"] if rule.kinds.get(kind, 0.0) > 0 else []
    for word in rule.words:
        if word.start in parts[word.part] and word.pattern.search(parts[word.part]):
            score += word.counts
            if word.counts > 0:
                reasons.append(word.words)
    return Case(value, score, tuple(dict.fromkeys(reasons)))


def _chosen(field: str, cases: list[Case]) -> list[Case]:
    """One kind; every strand and asset with enough behind it, and at least one of each."""
    best = max(cases, key=lambda case: case.score)
    if field == "kind":
        return [best]
    return [case for case in cases if case.score >= _ENOUGH] or [best]


def _values(field: str, cases: list[Case]) -> str | tuple[str, ...]:
    values = tuple(case.value for case in _chosen(field, cases))
    return values[0] if field == "kind" else values


@cache
def _read_rules() -> dict[str, dict[str, Rule]]:
    content = yaml.safe_load(
        files("directory.importing").joinpath("classification.yml").read_text("utf-8")
    )
    return {
        field: {value: _read_rule(content[field][value]) for value in choices}
        for field, choices in _CHOICES.items()
    }


def _read_rule(entry: dict[str, Any]) -> Rule:
    return Rule(
        kinds={kind: float(counts) for kind, counts in (entry.get("kind") or {}).items()},
        words=tuple(
            Word(part, words, float(counts), words.split()[0].rstrip("*"), _compile(words))
            for part in ("name", "organisation", "opening", "text", "role")
            for counts, several in (entry.get(part) or {}).items()
            for words in several
        ),
    )


def _compile(words: str) -> re.Pattern[str]:
    """A pattern of whole words; a star stands for the rest of a word, or for any."""
    if words == "*":
        return re.compile(r"\w")
    each = (re.escape(word).replace(r"\*", r"\w*") for word in words.split())
    return re.compile(rf"(?<!\w){_join(each)}(?!\w)")


def _join(words: Iterable[str]) -> str:
    # Feeds write "get-together" and "get together", and leave what was markup between words.
    return r"[\s\-–/]+".join(words)
