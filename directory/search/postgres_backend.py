"""Searching on PostgreSQL: the directory stays in the database, and a search reads a part of it.

Owns which listings a query is decided among: those nearest in meaning and those that share its
words, of what its filters allow. Decides nothing about their order: `search.rank` does, over
them, as it does in memory over all.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    TextClause,
    cast,
    false,
    func,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from directory.encoder import Vectors
from directory.indexing.criteria import demands
from directory.indexing.entries import Entries, Entry, read_entries
from directory.indexing.postgres_rows import (
    COUNTS,
    ROWS,
    HalfVector,
    Integers,
    SparseVector,
    shorten,
    write_sparse,
    write_vector,
)
from directory.indexing.words import find_stems, number
from directory.listing import KINDS
from directory.search.conditions import Condition, filter_rows, is_within, suits
from directory.search.index import Index
from directory.search.inverted_index import Rarity
from directory.search.query import Query
from directory.search.ranking import RankingQuery, offers_help, read_question

# How many of the nearest are looked at, and how many when those were not enough.
WIDTHS = (3_000, 10_000, 100_000)
# So many of each part that is given a small advantage, such as what is near: a trip of a mile
# costs as much as a fair difference in fit, so those within so many miles are looked at too. What
# suits, and a role for somebody who offers help, is worth so much that hardly anything else wins:
# of those, as many are looked at as of all.
_OF_PART = 0.4
_RINGS = (1.0, 3.0, 10.0)
# So many are sorted exactly; of more, the index of vectors gives the nearest, and it is asked for
# a thousand, the most that it can be, as it misses more of fewer: see
# docs/decisions/postgresql-search.md.
_FEW = 20_000
# A square's share of the listings takes long to count.
_FEW_NEAR = 5_000
_EF = 1_000
_MOST_SCANNED = 40_000
# The rarest words are looked up until so many listings have been seen, and the best are taken.
_SEEN_BY_WORDS = 4_000
_TAKEN_BY_WORDS = 200
_READ = """
    SELECT listing_id, vector, text_digest, facts, terms, points, sessions, labels
    FROM entry WHERE listing_id = ANY(%s)
"""


class PostgresBackend:
    """Finds what a query is decided among. Holds nothing itself; safe from several threads."""

    widths: tuple[int, ...] = WIDTHS

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def renew(self, session: Session, since: int) -> None:
        """Nothing to do: the database is asked afresh each time."""

    def __len__(self) -> int:
        with self._engine.connect() as connection:
            return _count(connection, [0]).get(0, 0)

    def gather(
        self, query: Query, vector: Vectors | None, labels: Sequence[int], width: int
    ) -> tuple[Index, bool]:
        """An index of the `width` likeliest and some more, and whether nothing else is allowed.

        `vector` is the query's, of shape (384,); `labels` are the numbers of its labels.
        """
        terms = Counter(map(number, find_stems(query.text)))
        filters = filter_rows(query, labels)
        with self._engine.connect() as connection:
            connection.execute(_SETTINGS)
            rarity = _find_rarity(connection, terms)
            ids, whole = _find_by_words(connection, terms, rarity, filters, width)
            if vector is not None:
                question = read_question(query.text, vector)
                found, whole = _find_nearest_of_all(connection, query, question, filters, width)
                ids |= found
            return Index(_read_entries(connection, sorted(ids)), rarity), whole


# A plan made once for all values would take one way for the rare and for the common.
_SETTINGS = text(
    f"SELECT set_config('hnsw.ef_search', '{_EF}', true), "
    "set_config('hnsw.iterative_scan', 'relaxed_order', true), "
    f"set_config('hnsw.max_scan_tuples', '{_MOST_SCANNED}', true), "
    "set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)


def _find_nearest_of_all(
    connection: Connection,
    query: Query,
    question: RankingQuery,
    filters: Sequence[Condition],
    width: int,
) -> tuple[set[int], bool]:
    """Those nearest in meaning, of all and of each part that is given an advantage.

    And whether they are all that is allowed.
    """
    vector = question.aim
    few = _are_few(connection, filters)
    found = _find_nearest(connection, vector, filters, width, few=few)
    if len(found) < width:
        return found, True
    of_part = int(width * _OF_PART)
    suited = [suits(demand) for demand in demands(query.needs, query.age, query.week)]
    parts = [([one], of_part) for one in suited] if len(suited) > 1 else []
    parts += [(suited, width)] if suited else []
    # Somebody who offers help is shown roles before what is nearer in meaning.
    role: Condition = ROWS.c.kind == KINDS.index("volunteering")
    parts.append(([role], width) if offers_help(question) else ([~role], of_part))
    for wanted, most in parts:
        some = [*filters, *wanted]
        few = _are_few(connection, some)
        found |= _find_nearest(connection, vector, some, most, few=few)
    if query.near is not None:
        some = [*filters, ROWS.c.area.is_(None)]
        few = _are_few(connection, some, _FEW_NEAR)
        found |= _find_nearest(connection, vector, some, of_part, few=few)
        few = True
        for miles in _RINGS:
            if few and (query.within is None or miles < query.within):
                some = [*filters, is_within(query.near, miles)]
                few = _are_few(connection, some, _FEW_NEAR)
                found |= _find_nearest(connection, vector, some, of_part, few=few)
    return found, False


def _are_few(connection: Connection, filters: Sequence[Condition], most: int = _FEW) -> bool:
    some = select(ROWS.c.listing_id).where(*filters).limit(most + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(some)) or 0) <= most


def _find_nearest(
    connection: Connection,
    vector: Vectors,
    filters: Sequence[Condition],
    width: int,
    *,
    few: bool,
) -> set[int]:
    """The `width` listings nearest in meaning of those that the filters allow."""
    nearness = ROWS.c.embedding.op("<#>")(cast(write_vector(vector), HalfVector()))
    nearest = select(ROWS.c.listing_id).where(*filters).order_by(nearness).limit(width)
    connection.execute(_EXACTLY if few else _BY_INDEX)
    found = set(connection.scalars(nearest))
    if len(found) < width and not few:
        # The index gives up after many that the filters do not allow; a sort does not.
        connection.execute(_EXACTLY)
        found = set(connection.scalars(nearest))
    connection.execute(_EITHER)
    return found


def _choose_ways(*, by_index: str, otherwise: str) -> TextClause:
    return text(
        f"SELECT set_config('enable_indexscan', '{by_index}', true), "
        f"set_config('enable_seqscan', '{otherwise}', true), "
        f"set_config('enable_bitmapscan', '{otherwise}', true), "
        f"set_config('enable_sort', '{otherwise}', true)"
    )


# The planner guesses a square's share of the listings without looking.
_EXACTLY = _choose_ways(by_index="off", otherwise="on")
_BY_INDEX = _choose_ways(by_index="on", otherwise="off")
_EITHER = _choose_ways(by_index="on", otherwise="on")


def _find_by_words(
    connection: Connection,
    terms: Counter[int],
    rarity: Rarity,
    filters: Sequence[Condition],
    width: int,
) -> tuple[set[int], bool]:
    """Those that share the rarest words, and whether they are all that share any.

    The one that shares the most is among them even if it is not allowed: others are measured
    by it.
    """
    used = sorted((rarity.counts[term], term) for term in terms if rarity.counts[term])
    chosen: list[int] = []
    seen = 0
    for count, term in used:
        if chosen and seen + count > max(_SEEN_BY_WORDS, width):
            break
        seen += count
        chosen.append(shorten(term))
    if not chosen:
        return set(), True
    sought = {shorten(term): terms[term] * rarity.weigh(count) for count, term in used}
    score = ROWS.c.words.op("<#>")(cast(write_sparse(sought), SparseVector()))
    allowed: Condition = reduce(lambda one, other: one & other, filters)
    sharing = (
        select(ROWS.c.listing_id, score.label("score"), allowed.label("allowed"))
        .where(ROWS.c.terms.op("&&")(cast(chosen, Integers)))
        .cte("sharing")
        .prefix_with("MATERIALIZED")
    )
    taken = max(_TAKEN_BY_WORDS, width // 2)
    best = select(sharing.c.listing_id, false()).order_by(sharing.c.score)
    found = connection.execute(
        union_all(
            best.limit(1).subquery().select(),
            select(sharing.c.listing_id, true())
            .where(sharing.c.allowed)
            .order_by(sharing.c.score)
            .limit(taken)
            .subquery()
            .select(),
        )
    ).all()
    whole = len(chosen) == len(used) and sum(of for _, of in found) < taken
    return {at for at, _ in found}, whole


def _read_entries(connection: Connection, ids: list[int]) -> Entries:
    driver: Any = connection.connection
    # As they are: written out as text they are twice as long, and slower to read.
    rows = driver.cursor(binary=True).execute(_READ, [ids]).fetchall()
    return read_entries([row[0] for row in rows], [Entry(*row[1:]) for row in rows])


def _find_rarity(connection: Connection, terms: Collection[int]) -> Rarity:
    counts = _count(connection, [0, *map(shorten, terms)])
    return Rarity(counts.get(0, 0), {term: counts.get(shorten(term), 0) for term in terms})


def _count(connection: Connection, terms: Sequence[int]) -> dict[int, int]:
    among = COUNTS.c.term == func.any(cast(list(terms), Integers))
    asked = select(COUNTS.c.term, COUNTS.c.listings).where(among)
    return {row.term: row.listings for row in connection.execute(asked)}
