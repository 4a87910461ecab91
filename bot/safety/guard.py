"""The crisis guard: runs before everything else on every message.

Owns the label of a message (`crisis`, `support` or `none`) and what is answered to it.
Needs no network and nothing else to be up: without an encoder patterns and words decide.
Must never store, log or pass on what a person wrote, and must never raise.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from importlib.resources import as_file, files
from itertools import pairwise
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.messages import HelpLines, Reply
from bot.responses import get_line
from bot.safety.helplines import HELPLINES, Helplines
from bot.safety.patterns import Kind, Marks, fold, load_rules, mark, simplify

Label = Literal["crisis", "support", "none"]
Array = NDArray[np.float32]
Encode = Callable[[list[str]], Array]

_log = logging.getLogger(__name__)

# Threads of BLAS and of the encoder fight for two cores: a message takes 12 ms then and not 4,
# and a search three times as long.
threadpool_limits(1, user_api="blas")

# What comes first when a message shows more than one kind of danger: what can kill soonest,
# then what needs a line of its own.
_URGENCY: tuple[Kind, ...] = (
    "overdose", "medical", "danger", "child", "abuse", "suicide", "self_harm", "someone_else",
)  # fmt: skip

# How near two messages must be to be alike; the larger, the nearer.
GAMMA = 2.0
# Words and pairs of words fall by hash into the first so many buckets, and runs of two to
# five letters into as many again; the kinds of danger are told apart by fewer of each.
BUCKETS = 1 << 15
FEW = 1 << 13
# Words to a piece, in a stretch of a very long sentence, and in a sentence that is left whole.
_PIECE, _STRETCH, _LONG = 16, 24, 32
# So many pieces of a long message are encoded: those whose words are most worrying.
_MOST = 4
# A guess at the kind of danger is believed from this share of all danger on, ...
_SURE = 0.5
# ... and a message worth raising is a crisis unless it is this unlikely to be one.
_LEAST_DANGER = 0.4


@dataclass(frozen=True)
class Finding:
    """A label, and for a crisis what it seems to be about (None when that is unsure)."""

    label: Label
    kind: Kind | None = None


@dataclass(frozen=True)
class Piece:
    """A piece of a message: the buckets of its words, and its vector of shape (384,) if any."""

    buckets: NDArray[np.int64]
    vector: Array | None


@dataclass(frozen=True)
class Counts:
    """The words of a message: distinct buckets, and how much each weighs."""

    buckets: NDArray[np.int64]
    weights: Array


def cut(plain: str) -> list[str]:
    """The pieces of a message to be judged one by one: a few sentences, up to 16 words.

    What is said in passing in a long story would be lost in a vector of the whole. A longer
    sentence is a piece of its own, up to 32 words; beyond, people write without full stops,
    and it is cut into stretches that overlap.
    """
    pieces: list[list[str]] = [[]]
    for sentence in plain.split(" . "):
        words = sentence.removesuffix(" .").split()
        if pieces[-1] and len(pieces[-1]) + len(words) > _PIECE:
            pieces.append([])
        if pieces[-1]:
            pieces[-1].append(".")
        pieces[-1].extend(words)
    return [
        " ".join(piece[start : start + _STRETCH] if len(piece) > _LONG else piece)
        for piece in pieces
        for start in range(
            0, max(len(piece) - _STRETCH // 2, 1) if len(piece) > _LONG else 1, _STRETCH // 2
        )
    ]


def hash_words(plain: str) -> NDArray[np.int64]:
    """The distinct buckets of a message that went through `fold` and `simplify`, words first."""
    words = plain.split()
    phrases = {*words, *(f"{a} {b}" for a, b in pairwise(words))}
    letters: set[str] = set()
    for word in {f" {word} " for word in words}:
        letters.update(word[i : i + n] for n in range(2, 6) for i in range(len(word) - n + 1))
    return np.array(
        [
            *sorted({crc32(phrase.encode()) % BUCKETS for phrase in phrases}),
            *sorted({BUCKETS + crc32(run.encode()) % BUCKETS for run in letters}),
        ],
        dtype=np.int64,
    )


def weigh(buckets: NDArray[np.int64], rarity: Array) -> Counts:
    """Buckets with weights: rare ones weigh more, and each half has a length of 1."""
    weights = rarity[buckets]
    for half in (buckets < BUCKETS, buckets >= BUCKETS):
        weights[half] /= max(float(np.linalg.norm(weights[half])), 1e-9)
    return Counts(buckets, weights)


def fewer(buckets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The buckets by which kinds of danger are told apart: below 2 * FEW."""
    return buckets // BUCKETS * FEW + buckets % FEW


@dataclass(frozen=True)
class GuardModel:
    """What was learned from the labelled examples, by `bot.safety.training`.

    Whether a message should be raised is a weighted sum: of its likeness to `examples`, unit
    vectors of shape (n, 384), by `likeness`, shape (n,), and of its words by `words`, shape
    (2, 2 * BUCKETS). Row 0 of `words`, `bias` and `thresholds` is with a vector, row 1 without.
    `rarity`, shape (2 * BUCKETS,), is each bucket's inverse document frequency. What it is
    about is the best of `kinds`, by `kind_words`, shape (k, 2 * FEW), `kind_vector`, shape
    (k, 384), and `kind_bias`, shape (k,).
    """

    examples: Array
    likeness: Array
    words: Array
    rarity: Array
    bias: Array
    thresholds: Array
    kinds: tuple[str, ...]
    kind_words: Array
    kind_vector: Array
    kind_bias: Array

    def score(self, counts: Counts, vector: Array | None) -> float:
        """How far the message is above its threshold; below 0, it is not worth raising."""
        row = 1 if vector is None else 0
        score = self.words[row, counts.buckets] @ counts.weights + self.bias[row]
        if vector is not None:
            # Between unit vectors the squared distance is 2 - 2 cos.
            score += self.likeness @ np.exp(2 * GAMMA * (self.examples @ vector - 1))
        return float(score - self.thresholds[row])

    def guess(self, counts: Counts, vector: Array | None) -> dict[str, float]:
        """How likely each of `kinds` is, should the message be worth raising."""
        scores = self.kind_words[:, fewer(counts.buckets)] @ counts.weights + self.kind_bias
        if vector is not None:
            scores += self.kind_vector @ vector
        shares = np.exp(scores - scores.max())
        return dict(zip(self.kinds, (shares / shares.sum()).tolist(), strict=True))

    def read(self, pieces: Sequence[Piece]) -> tuple[float, dict[str, float]]:
        """The score of the worst piece of a message, and the guess at what it is about."""
        read = [(weigh(piece.buckets, self.rarity), piece.vector) for piece in pieces]
        scores = [self.score(counts, vector) for counts, vector in read]
        worst = int(np.argmax(scores))
        return scores[worst], self.guess(*read[worst])


def load_head() -> GuardModel:
    """The committed weights. Raises OSError or KeyError if the file is missing or broken."""
    with as_file(files("bot.safety") / "head.npz") as path, np.load(path) as stored:
        arrays = {
            field.name: stored[field.name].astype(np.float32)
            # Kept as whole numbers of a step each, to be small.
            * stored.get(f"{field.name}_step", 1)
            for field in fields(GuardModel)
            if field.name != "kinds"
        }
        return GuardModel(kinds=tuple(stored["kinds"].tolist()), **arrays)


class Guard:
    """Labels messages, by the surest patterns and by what was learned.

    `encode` maps n texts to float32 unit vectors of shape (n, 384). It may be absent, and
    may raise or answer nonsense at any time: patterns and words then decide alone.
    """

    def __init__(self, encode: Encode | None = None, head: GuardModel | None = None) -> None:
        self._encode = encode
        self._head = head or load_head()
        load_rules()

    def label(self, text: str) -> Label:
        """The label of a message. Never raises."""
        return self.find(text).label

    def find(self, text: str) -> Finding:
        """The label of a message, and the kind of crisis. Never raises."""
        plain = simplify(fold(text))
        return judge(mark(plain), *self.read(plain)) if plain else Finding("none")

    def read(self, plain: str) -> tuple[float, dict[str, float]]:
        """How far a message that went through `fold` and `simplify` is above the threshold,
        and how likely it is about each kind of thing.
        """
        pieces = self._suspect(cut(plain))
        found = map(Piece, pieces.values(), self._encoded(list(pieces)))
        return self._head.read(list(found))

    def _suspect(self, pieces: list[str]) -> dict[str, NDArray[np.int64]]:
        """The few pieces whose words are most worrying, with their buckets."""
        hashed = {piece: hash_words(piece) for piece in pieces}
        if len(hashed) <= _MOST:
            return hashed
        scores = {
            piece: self._head.score(weigh(buckets, self._head.rarity), None)
            for piece, buckets in hashed.items()
        }
        return {piece: hashed[piece] for piece in sorted(scores, key=scores.__getitem__)[-_MOST:]}

    def _encoded(self, pieces: list[str]) -> list[Array | None]:
        """The vectors of a message's pieces, each None when the encoder cannot say."""
        without: list[Array | None] = [None] * len(pieces)
        if self._encode is None:
            return without
        try:
            vectors = np.asarray(self._encode(pieces), dtype=np.float32)
        except Exception as error:
            # The name only: a message may quote what was being encoded.
            _log.warning("crisis guard without its encoder: %s", type(error).__name__)
            return without
        usable = vectors.shape == (len(pieces), self._head.examples.shape[1])
        return list(vectors) if usable and np.isfinite(vectors).all() else without


def judge(marks: Marks, score: float, guess: dict[str, float]) -> Finding:
    """What a message is: by the patterns first, and a crisis before support."""
    danger = {kind: guess[kind] for kind in _URGENCY}
    likeliest = max(danger, key=danger.__getitem__)
    share = sum(danger.values())
    sure = danger[likeliest] >= _SURE * share
    if marks.crisis:
        return Finding("crisis", likeliest if sure else min(marks.crisis, key=_URGENCY.index))
    if score >= 0 and share >= _LEAST_DANGER:
        return Finding("crisis", likeliest if sure else None)
    return Finding("support" if score >= 0 or marks.set_aside else "none")


def answer(
    label: Label, nation: str, kind: Kind | None = None, helplines: Helplines = HELPLINES
) -> tuple[Reply, ...]:
    """What to say: for `crisis` this and nothing else, for `support` this and the search too.

    `nation` is a key of `helplines.toml`, such as "england". Raises KeyError for another.
    """
    if label == "none":
        return ()
    if label == "support":
        return (HelpLines(get_line("safety_gentle"), helplines.lines(nation, "support")),)
    first = get_line(f"safety_{kind or 'unsure'}")
    told = f"{first}\n{get_line('safety_nobody_reads')}"
    return (HelpLines(told, helplines.lines(nation, kind or "unsure")),)
