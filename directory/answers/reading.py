"""A listing and a question made ready to be compared: vectors and scores, computed once for each.

Must never keep a question.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from directory.answers.answer_types import expect_types, find_types
from directory.answers.aspects import AspectModel
from directory.answers.concepts import find_asked_concepts, find_stated_concepts
from directory.answers.questions import Question
from directory.answers.statements import Statement, list_statements
from directory.encoder import TokenVectors
from directory.indexing.words import find_stems
from directory.listing import Listing

Array = NDArray[np.float32]
EncodeTokens = Callable[[Sequence[str]], list[TokenVectors]]

# Where a sentence can be cut into parts that say something of their own.
_CUT = re.compile(
    r",\s+|\s+(?:and|but|or|which|so|because|as|if|where|with|plus|then|while)\s+|\s+[-–—]\s+|[():]\s*"
    r"|\s*/\s*|;\s*"
)


@dataclass(frozen=True)
class ReadListing:
    """The n statements of a listing and their p parts, each statement being a part of itself.

    `part_of` (p,) is the position of each part's statement; `aspects` (n, A) and `part_aspects`
    (p, A) are scores of `AspectModel`, `part_vectors` (p, 384) the encoder's.
    """

    statements: tuple[Statement, ...]
    types: tuple[frozenset[str], ...]
    stems: tuple[frozenset[str], ...]
    concepts: tuple[dict[str, int], ...]
    tokens: tuple[TokenVectors, ...]
    vectors: Array
    aspects: Array
    parts: tuple[str, ...]
    part_of: NDArray[np.intp]
    part_vectors: Array
    part_aspects: Array

    def find_parts(self, statement: int) -> NDArray[np.intp]:
        """The positions of a statement's parts, the whole one first."""
        return np.flatnonzero(self.part_of == statement)

    def find_nearest_part(self, statement: int, vector: Array) -> str:
        """The part of a statement that is nearest to a vector (384,)."""
        parts = self.find_parts(statement)
        nearest = int(parts[np.argmax(self.part_vectors[parts] @ vector)])
        return self.parts[nearest]

    def spread(self, scores: Array) -> Array:
        """The best score of each statement's parts: from (p,) to (n,)."""
        best = np.full(len(self.statements), -np.inf, dtype=np.float32)
        np.maximum.at(best, self.part_of, scores)
        return best


@dataclass(frozen=True)
class ReadQuestion:
    """A question with its scores; `expected` are the types of which its answer holds one."""

    text: str
    is_open: bool
    expected: frozenset[str]
    stems: tuple[str, ...]
    concepts: dict[str, int]
    tokens: TokenVectors
    aspects: Array


def read_listing(listing: Listing, encode_tokens: EncodeTokens, model: AspectModel) -> ReadListing:
    """Encode all that a listing says. This takes some 5 ms for each statement."""
    return read_statements(list_statements(listing), encode_tokens, model)


def read_statements(
    statements: Sequence[Statement], encode_tokens: EncodeTokens, model: AspectModel
) -> ReadListing:
    """As `read_listing`, for statements that are known already."""
    parts: list[str] = []
    part_of: list[int] = []
    for position, statement in enumerate(statements):
        pieces = cut_statement(statement.text)
        parts += pieces
        part_of += [position] * len(pieces)
    encoded = encode_tokens(parts)
    vectors = np.array([part.sentence for part in encoded], dtype=np.float32).reshape(-1, 384)
    aspects = model.score_aspects(vectors)
    positions = np.array(part_of, dtype=np.intp)
    whole = np.flatnonzero(np.diff(positions, prepend=-1))
    return ReadListing(
        statements=tuple(statements),
        types=tuple(find_types(statement.text) for statement in statements),
        stems=tuple(frozenset(find_stems(statement.text)) for statement in statements),
        concepts=tuple(find_stated_concepts(statement.text) for statement in statements),
        tokens=tuple(encoded[position] for position in whole),
        vectors=vectors[whole],
        aspects=aspects[whole],
        parts=tuple(parts),
        part_of=positions,
        part_vectors=vectors,
        part_aspects=aspects,
    )


def cut_statement(text: str) -> list[str]:
    """The statement, followed by its parts if it has any."""
    parts = [part.strip() for part in _CUT.split(text)]
    parts = [part for part in parts if len(part.split()) >= 2 or len(part) > 4]
    return [text, *parts] if len(parts) > 1 else [text]


def read_question(
    question: Question,
    encode_tokens: EncodeTokens,
    model: AspectModel,
    wants_words: Callable[[Array], bool],
) -> ReadQuestion:
    """Encode a question; `wants_words` decides by the vector where the words have no form."""
    [tokens] = encode_tokens([question.text])
    is_open = question.is_open
    return ReadQuestion(
        text=question.text,
        is_open=wants_words(tokens.sentence) if is_open is None else is_open,
        expected=expect_types(question.text),
        stems=tuple(dict.fromkeys(find_stems(question.text))),
        concepts=find_asked_concepts(question.text),
        tokens=tokens,
        aspects=model.score_aspects(tokens.sentence[None])[0],
    )
