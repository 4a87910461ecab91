"""Milliseconds that the crisis guard adds to a message, beyond encoding it once."""

import numpy as np

from benchmarks.corpus import find_queries
from benchmarks.tables import LeftOutError, Table, compare
from benchmarks.timing import time_in_rounds
from bot.safety.guard import Guard
from directory.encoder import Encoder, Vectors

_LONGEST = 1000


def measure(encoder: Encoder, *, quick: bool) -> list[Table]:
    """One table over residents' queries, none of them a crisis, and one message of the longest."""
    try:
        guard = Guard(encoder.encode)
    except (OSError, KeyError) as error:
        raise LeftOutError(f"the guard's weights cannot be read ({type(error).__name__})") from None
    ready = encoder.encode(["a message"])

    def encode_before(texts: list[str]) -> Vectors:
        return np.repeat(ready, len(texts), axis=0)

    beyond = Guard(encode_before)
    queries, whose = find_queries()
    queries = tuple(query for query in queries if guard.classify(query).label != "crisis")
    long = " ".join(queries).ljust(_LONGEST, ".")[:_LONGEST]
    timings = time_in_rounds(
        {
            "encoder alone": lambda i: encoder.encode([queries[i]]),
            "guard": lambda i: guard.classify(queries[i]),
            "guard beyond the encoding": lambda i: beyond.classify(queries[i]),
            "the same, 1,000 characters": lambda _: beyond.classify(long),
        },
        steps=len(queries),
        rounds=2 if quick else 10,
    )
    length = float(np.median([len(query) for query in queries]))
    note = (
        f"{whose}, of which {len(queries)} are no crisis to the guard, as messages; "
        f"{length:.0f} characters is the middle length."
    )
    return [compare("Crisis guard", timings, beside="encoder alone", what="a message", note=note)]
