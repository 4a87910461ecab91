"""The judged sentences of `tests/negations.jsonl`, and how many of their things are found.

Each line has a `text`, and the things in it that are `refused`, `denied` (not so), `not_needed` or
`wanted`. Their writer knew nothing of the model. Errors of the batch `opened` were read, and only
totals of `sealed`.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from nlu.understanding.negation import find_negations
from nlu.understanding.patterns import straighten_apostrophes

FILE = Path(__file__).parents[1] / "negations.jsonl"
_KINDS = ("refused", "denied", "not_needed")
_SMALL_WORDS = frozenset("the a an any one ones group groups too of in on my at".split())


@dataclass(frozen=True)
class Share:
    """`count` of `total`."""

    count: int
    total: int

    def __str__(self) -> str:
        return f"{self.count}/{self.total}"


def measure(batch: str) -> dict[str, Share]:
    """For each kind how many things are found; for "wanted", how many are left alone."""
    counts: Counter[tuple[str, bool]] = Counter()
    for line in FILE.read_text("utf-8").splitlines():
        judged = json.loads(line)
        if judged["batch"] != batch:
            continue
        text = straighten_apostrophes(judged["text"])
        found = [(n.kind, _simplify(text[n.start : n.end])) for n in find_negations(text)]
        for kind in _KINDS:
            for thing in map(_simplify, judged[kind]):
                counts[kind, any(k == kind and _is_same(t, thing) for k, t in found)] += 1
        for thing in map(_simplify, judged["wanted"]):
            is_refused = any(k == "refused" and _is_same(t, thing) for k, t in found)
            counts["wanted", not is_refused] += 1
    return {
        kind: Share(counts[kind, True], counts[kind, True] + counts[kind, False])
        for kind in (*_KINDS, "wanted")
    }


def _simplify(words: str) -> str:
    return " ".join(w for w in re.findall(r"[\w'-]+", words.casefold()) if w not in _SMALL_WORDS)


def _is_same(found: str, thing: str) -> bool:
    return bool(found) and (found in thing or thing in found)
