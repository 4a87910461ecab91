"""Proposing the kind, strands and assets of a listing whose source does not give them.

Owns `classification.yml`: words with weights, which a navigator can read and change. Must never
change a source's own values. Every field that it fills is named in `Listing.proposed`.
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

# The beginning of a description says best what it is about; the rest is opening times and rooms.
_OPENING_LENGTH = 120
_TEXT_LENGTH = 330
_MIN_SCORE = 1.0
_CHOICES = {"kind": KINDS, "strands": STRANDS, "assets": ASSETS}

Reasons = dict[str, dict[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Word:
    """A word or phrase to find in one part of a listing, and its weight."""

    part: str
    words: str
    weight: float
    # Searched before the pattern: ten times as fast, and seldom found.
    start: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Rule:
    """What speaks for one value of a field: the listing's kind, and words."""

    kinds: dict[str, float]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Candidate:
    """A value that a field may take, with its score and the reasons for it."""

    value: str
    score: float
    reasons: tuple[str, ...]


def classify_listing(listing: Listing) -> Listing:
    """Fill in `kind`, `strands` and `assets` where the source gave none.

    `proposed` names the fields that were filled. Earlier proposals are replaced, so that
    classifying twice changes nothing.
    """
    source_listing = _remove_proposals(listing)
    missing = tuple(field for field in FIELDS if not getattr(source_listing, field))
    candidates = _score_candidates(source_listing)
    values: dict[str, Any] = {field: _choose_values(field, candidates[field]) for field in missing}
    return replace(source_listing, proposed=missing, **values)


def explain_classification(listing: Listing) -> Reasons:
    """The reasons for each value of the fields in `listing.proposed`.

    A reason is a word or phrase of `classification.yml`, or "its kind" if the listing's kind speaks
    for the value. A value without reasons is the default.
    """
    candidates = _score_candidates(_remove_proposals(listing))
    return {
        field: {
            candidate.value: candidate.reasons for candidate in _choose(field, candidates[field])
        }
        for field in FIELDS
        if field in listing.proposed
    }


def _remove_proposals(listing: Listing) -> Listing:
    empty: dict[str, Any] = {"kind": "", "strands": (), "assets": ()}
    return replace(listing, proposed=(), **{field: empty[field] for field in listing.proposed})


def _score_candidates(listing: Listing) -> dict[str, list[Candidate]]:
    """The candidates for each field. Kind comes first, because the others depend on it."""
    parts = {
        "name": listing.name,
        "organisation": listing.organisation,
        "opening": listing.description[:_OPENING_LENGTH],
        "text": f"{listing.name}\n{listing.description[:_TEXT_LENGTH]}",
        "role": "; ".join((*listing.skills_wanted, listing.commitment)),
    }
    parts = {part: _normalise(text) for part, text in parts.items()}
    kind = listing.kind
    candidates: dict[str, list[Candidate]] = {}
    for field, rules in _read_rules().items():
        candidates[field] = [
            _score_value(value, rule, kind, parts) for value, rule in rules.items()
        ]
        if field == "kind":
            kind = kind or _choose(field, candidates[field])[0].value
    return candidates


def _normalise(text: str) -> str:
    """Lower case without accents or curly apostrophes, as in the rules."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\u0300-\u036f]", "", text).replace("’", "'")


def _score_value(value: str, rule: Rule, kind: str, parts: dict[str, str]) -> Candidate:
    score = rule.kinds.get(kind, 0.0) + rule.kinds.get("any", 0.0)
    reasons = ["its kind"] if rule.kinds.get(kind, 0.0) > 0 else []
    for word in rule.words:
        if word.start in parts[word.part] and word.pattern.search(parts[word.part]):
            score += word.weight
            if word.weight > 0:
                reasons.append(word.words)
    return Candidate(value, score, tuple(dict.fromkeys(reasons)))


def _choose(field: str, candidates: list[Candidate]) -> list[Candidate]:
    """One kind; every strand and asset with a sufficient score, and at least one of each."""
    best = max(candidates, key=lambda candidate: candidate.score)
    if field == "kind":
        return [best]
    return [candidate for candidate in candidates if candidate.score >= _MIN_SCORE] or [best]


def _choose_values(field: str, candidates: list[Candidate]) -> str | tuple[str, ...]:
    values = tuple(candidate.value for candidate in _choose(field, candidates))
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
        kinds={kind: float(weight) for kind, weight in (entry.get("kind") or {}).items()},
        words=tuple(
            Word(part, words, float(weight), words.split()[0].rstrip("*"), _compile(words))
            for part in ("name", "organisation", "opening", "text", "role")
            for weight, phrases in (entry.get(part) or {}).items()
            for words in phrases
        ),
    )


def _compile(words: str) -> re.Pattern[str]:
    """A pattern of whole words; a star stands for the rest of a word, or for any word."""
    if words == "*":
        return re.compile(r"\w")
    patterns = (re.escape(word).replace(r"\*", r"\w*") for word in words.split())
    return re.compile(rf"(?<!\w){_join_patterns(patterns)}(?!\w)")


def _join_patterns(patterns: Iterable[str]) -> str:
    # Feeds write "get-together" and "get together", and leave line breaks between words.
    return r"[\s\-–/]+".join(patterns)
