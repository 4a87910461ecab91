"""The time that the crisis guard adds to a message, beyond encoding it once."""

import numpy as np

from benchmarks.corpus import find_queries
from benchmarks.tables import LeftOutError, Table, tabulate_timings
from benchmarks.timing import time_in_rounds
from bot.safety.guard import Guard
from directory.encoder import Encoder, Vectors

_LONG_MESSAGE = 1000


def measure(encoder: Encoder, *, quick: bool) -> list[Table]:
    """One table, over residents' queries, none of them a crisis, and over one long message."""
    try:
        guard = Guard(encoder.encode)
    except (OSError, KeyError) as error:
        raise LeftOutError(f"the guard's weights cannot be read ({type(error).__name__})") from None
    vector = encoder.encode(["a message"])

    def return_ready_vectors(texts: list[str]) -> Vectors:
        return np.repeat(vector, len(texts), axis=0)

    guard_alone = Guard(return_ready_vectors)
    queries, origin = find_queries()
    queries = tuple(query for query in queries if guard.classify(query).label != "crisis")
    long = " ".join(queries).ljust(_LONG_MESSAGE, ".")[:_LONG_MESSAGE]
    timings = time_in_rounds(
        {
            "encoder alone": lambda i: encoder.encode([queries[i]]),
            "guard": lambda i: guard.classify(queries[i]),
            "guard beyond the encoding": lambda i: guard_alone.classify(queries[i]),
            "the same, 1,000 characters": lambda _: guard_alone.classify(long),
        },
        steps=len(queries),
        rounds=2 if quick else 10,
    )
    length = float(np.median([len(query) for query in queries]))
    note = (
        f"{origin}, of which the guard labels {len(queries)} as no crisis; "
        f"their median length is {length:.0f} characters."
    )
    return [
        tabulate_timings(
            "Crisis guard", timings, baseline="encoder alone", first_column="a message", note=note
        )
    ]
