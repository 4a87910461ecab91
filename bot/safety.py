"""The crisis guard: runs before everything else on every message.

Owns the label of a message (`crisis`, `support` or `none`) and what is answered to it.
Needs no network and nothing else to be up: without an encoder the patterns decide alone.
Must never store, log or pass on what a person wrote, and must never raise.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bot.helplines import HELPLINES, Helplines
from bot.replies import HelpLines, Reply
from bot.safety_patterns import Kind, Marks, fold, load_rules, mark, simplify

Label = Literal["crisis", "support", "none"]
Encode = Callable[[list[str]], NDArray[np.float32]]

_log = logging.getLogger(__name__)

# What comes first when a message shows more than one kind of danger: what can kill soonest,
# then what needs a line of its own.
_URGENCY: tuple[Kind, ...] = (
    "overdose", "medical", "danger", "child", "abuse", "suicide", "self_harm", "someone_else",
)  # fmt: skip

_NOBODY_READS = "Nobody reads this chat, so please call or text one of these now."
_FIRST: dict[Kind, str] = {
    "overdose": "This needs help fast. Call 999 now, even if all seems well.",
    "medical": "This may need help fast. Call 999 now.",
    "danger": "If you are in danger, call 999 now. Get somewhere safe if you can.",
    "child": "A child may be at risk. If it is happening now, call 999.",
    "abuse": "No one should hurt or scare you. If you are in danger, call 999.",
    "suicide": "I am so sorry it hurts this much. If you may act on it, call 999.",
    "self_harm": "I am so sorry it hurts this much. If you are badly hurt, call 999.",
    "someone_else": "You are right to worry. If a life may be at risk, call 999.",
}
_FIRST_UNSURE = "I am worried about what you wrote. If a life is at risk, call 999."
_GENTLE = (
    "That sounds like a lot to carry. Thank you for telling me. "
    "Nobody reads this chat, but these people will listen, day or night."
)


@dataclass(frozen=True)
class Finding:
    """A label, and for a crisis what it seems to be about (None when that is unsure)."""

    label: Label
    kind: Kind | None = None


@dataclass(frozen=True)
class Head:
    """Likeness to labelled examples: a kernel over cosine, trained by `bot.safety_training`.

    `examples` are unit vectors of shape (n, 384). Row 0 of `weights`, shape (2, n), and of
    `bias`, shape (2,), scores danger; row 1 scores danger, grief and recovery together. A
    score at or above its threshold raises the label; both come from cross-validation.
    """

    examples: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    gamma: float
    thresholds: tuple[float, float]

    def label(self, vector: NDArray[np.float32]) -> Label:
        """The label of a unit vector of shape (384,)."""
        # Between unit vectors the squared distance is 2 - 2 cos.
        likeness = np.exp(2 * self.gamma * (self.examples @ vector - 1))
        danger, sorrow = self.weights @ likeness + self.bias
        if danger >= self.thresholds[0]:
            return "crisis"
        return "support" if sorrow >= self.thresholds[1] else "none"


def load_head() -> Head:
    """The committed weights. Raises OSError or KeyError if the file is missing or broken."""
    with as_file(files("bot") / "safety_head.npz") as path, np.load(path) as stored:
        return Head(
            examples=stored["examples"].astype(np.float32),
            weights=stored["weights"],
            bias=stored["bias"],
            gamma=float(stored["gamma"]),
            thresholds=(float(stored["thresholds"][0]), float(stored["thresholds"][1])),
        )


class Guard:
    """Labels messages. Patterns always; sentence similarity too, given an encoder.

    `encode` maps n texts to float32 unit vectors of shape (n, 384). It may be absent, and
    may raise or answer nonsense at any time: the patterns then decide alone.
    """

    def __init__(self, encode: Encode | None = None) -> None:
        self._encode = encode
        self._head = load_head()
        load_rules()

    def label(self, text: str) -> Label:
        """The label of a message. Never raises."""
        return self.find(text).label

    def find(self, text: str) -> Finding:
        """The label of a message, and the kind of crisis. Never raises."""
        folded = fold(text)
        plain = simplify(folded)
        marks = mark(plain)
        if marks.crisis:
            return Finding("crisis", _most_urgent(marks))
        if marks.support:
            return Finding("support")
        if not plain:
            return Finding("none")
        return Finding(self._felt(folded))

    def _felt(self, folded: str) -> Label:
        if self._encode is None:
            return "none"
        try:
            vector = np.asarray(self._encode([folded]), dtype=np.float32)[0]
            return self._head.label(vector) if np.isfinite(vector).all() else "none"
        except Exception as error:
            # The name only: a message may quote what was being encoded.
            _log.warning("crisis guard without its encoder: %s", type(error).__name__)
            return "none"


def _most_urgent(marks: Marks) -> Kind:
    return min(marks.crisis, key=_URGENCY.index)


def answer(
    label: Label, nation: str, kind: Kind | None = None, helplines: Helplines = HELPLINES
) -> tuple[Reply, ...]:
    """What to say: for `crisis` this and nothing else, for `support` this and the search too.

    `nation` is a key of `helplines.toml`, such as "england". Raises KeyError for another.
    """
    if label == "none":
        return ()
    if label == "support":
        return (HelpLines(_GENTLE, helplines.lines(nation, "support")),)
    first = _FIRST[kind] if kind else _FIRST_UNSURE
    return (HelpLines(f"{first}\n{_NOBODY_READS}", helplines.lines(nation, kind or "unsure")),)
