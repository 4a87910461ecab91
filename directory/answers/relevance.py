"""Features by which a statement is judged to answer a question.

Pure functions of what was read. A change here needs new weights: `training` makes them.
"""

import numpy as np
from numpy.typing import NDArray

from directory.answers.aspects import normalise_rows
from directory.answers.comparisons import compare, names_values
from directory.answers.reading import ReadListing, ReadQuestion
from directory.answers.words import WordWeights

Array = NDArray[np.float32]

# The aspects that each field of a listing can tell of.
_ASPECTS_OF_FIELD = {
    "schedule": "start_time day evening_weekend frequency duration still_running",
    "dates": "still_running holidays",
    "cost": "cost concession wages expenses drinks food",
    "phone": "phone",
    "email": "email",
    "website": "website",
    "place": "where",
    "accessibility": "wheelchair lift toilet hearing parking quiet baby sight",
    "audience": "eligibility women men children lgbt age",
    "ages": "age children",
    "languages": "language",
    "organisation": "organiser",
    "commitment": "commitment frequency duration",
    "skills": "experience driving fitness",
    "online": "remote",
    "covers": "residents",
    "eligibility": "eligibility references background_check experience",
    "alert": "still_running",
    "how_to_join": "join booking referral",
}
_SALIENT = 0.5  # of the weight of the question's weightiest word


def measure_relevance(
    question: ReadQuestion,
    listing: ReadListing,
    aspects: tuple[str, ...],
    pieces: WordWeights,
    stems: WordWeights,
) -> Array:
    """The features of each of n statements: (n, F)."""
    n = len(listing.statements)
    is_open = float(question.is_open)
    share = question.aspects / max(float(question.aspects.sum()), 1e-6)
    direction = normalise_rows(question.aspects)
    main = int(question.aspects.argmax())
    sentence = question.tokens.sentence

    cosine = listing.vectors @ sentence
    coverage, stem_weight = _cover_stems(question, listing, stems)
    about = normalise_rows(listing.aspects) @ direction
    has_type = np.array([bool(question.expected & types) for types in listing.types], np.float32)
    lacks_type = np.full(n, bool(question.expected), np.float32) - has_type
    in_field = _match_fields(listing, share, aspects)
    part_cosine = listing.part_vectors @ sentence
    part_about = normalise_rows(listing.part_aspects) @ direction
    best_cosine, best_about = listing.spread(part_cosine), listing.spread(part_about)
    best_share = listing.spread(np.minimum(listing.part_aspects, 1) @ share)
    both = listing.spread(part_cosine * (0.3 + np.clip(part_about, 0, 1)))
    columns = [
        *(cosine, _lag(cosine), coverage, _lag(coverage), about, _lag(about)),
        np.minimum(listing.aspects, 1) @ share,
        listing.aspects[:, main],
        *(has_type, lacks_type, in_field, _lag(in_field), in_field * is_open),
        np.array([statement.field == "description" for statement in listing.statements]),
        np.array([statement.field == "name" for statement in listing.statements]),
        np.array([min(len(statement.text.split()), 60) / 20 for statement in listing.statements]),
        *_fill(n, question.aspects.max(), is_open, cosine.max(), 1 - coverage.max(), stem_weight),
        cosine * about,
        *(best_cosine, _lag(best_cosine), best_about, _lag(best_about), best_share),
        listing.spread(listing.part_aspects[:, main]),
        *(both, _lag(both), *_fill(n, best_share.max(), both.max())),
        *_match_tokens(question, listing, pieces),
        *_match_concepts(question, listing),
        *_match_values(question, listing),
    ]
    return np.array(columns, dtype=np.float32).T


def _lag(scores: Array) -> Array:
    """How far each score is behind the best."""
    lag: Array = scores.max() - scores
    return lag


def _fill(n: int, *values: float) -> list[Array]:
    return [np.full(n, value, dtype=np.float32) for value in values]


def _cover_stems(
    question: ReadQuestion, listing: ReadListing, stems: WordWeights
) -> tuple[Array, float]:
    """The share of the question's stems, by weight, in each statement; and their weight."""
    weights = stems.weigh(list(question.stems))
    shared = [[stem in found for stem in question.stems] for found in listing.stems]
    total = float(weights.sum())
    covered = np.array(shared, np.float32).reshape(len(shared), -1) @ weights
    return (covered / total if total else covered), total / 10


def _match_fields(listing: ReadListing, share: Array, aspects: tuple[str, ...]) -> Array:
    position = {name: number for number, name in enumerate(aspects)}
    matches = [
        sum(
            float(share[position[name]])
            for name in _ASPECTS_OF_FIELD.get(statement.field, "").split()
        )
        for statement in listing.statements
    ]
    return np.array(matches, dtype=np.float32)


def _match_concepts(question: ReadQuestion, listing: ReadListing) -> list[Array]:
    """How many of the question's concepts each statement is about, and whether any lacks."""
    asked = question.concepts
    shared = np.array(
        [sum(name in stated for name in asked) for stated in listing.concepts], np.float32
    )
    share: Array = (shared / max(len(asked), 1)).astype(np.float32)
    lacks = np.full(len(shared), bool(asked), np.float32) * (shared == 0)
    takes_side = np.array(
        [any(stated.get(name) for name in asked) for stated in listing.concepts], np.float32
    )
    return [share, lacks, _lag(share), takes_side, *_fill(len(shared), share.max(), len(asked) / 3)]


def _match_values(question: ReadQuestion, listing: ReadListing) -> list[Array]:
    """Whether what the question names can be compared with what each statement gives."""
    compared = np.array(
        [compare(question.text, statement.text) for statement in listing.statements], np.float32
    )
    can = np.abs(compared)
    n = len(can)
    return [*can.T, *_fill(n, *map(float, names_values(question.text))), *_fill(n, can.max())]


def _match_tokens(question: ReadQuestion, listing: ReadListing, pieces: WordWeights) -> list[Array]:
    """How well the question's words are matched, each by the likest word of a statement."""
    weights = pieces.weigh(question.tokens.pieces)
    weights[[0, -1]] = 0  # the marks of the beginning and the end
    total = max(float(weights.sum()), 1e-6)
    products = [question.tokens.vectors @ tokens.vectors.T for tokens in listing.tokens]
    likest = np.array([product.max(axis=1) for product in products])
    first, second = np.argsort(-weights)[:2]
    salient = weights >= _SALIENT * weights.max()
    mean = likest @ weights / total
    pair = weights[first] + weights[second]
    n = len(listing.statements)
    return [
        mean,
        likest[:, first],
        (likest[:, first] * weights[first] + likest[:, second] * weights[second]) / max(pair, 1e-6),
        likest[:, salient].min(axis=1),
        (likest.max(axis=0) - likest) @ weights / total,
        np.array([product.max(axis=0).mean() for product in products], dtype=np.float32),
        _lag(mean),
        *_fill(n, mean.max(), float(weights.max()), float(salient.sum()) / 5),
    ]
