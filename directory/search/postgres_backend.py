"""Search on PostgreSQL: the directory stays in the database, and a search reads a part of it.

Owns which listings are the candidates of a query: those nearest in meaning and those that share
its words, among those that its filters allow. Must never order them: `ranking.rank` does, as it
does in memory over all listings.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    TextClause,
    and_,
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
from directory.indexing.entries import Entry
from directory.indexing.entry_arrays import Entries, read_entries
from directory.indexing.postgres_schema import (
    ENTRY_SEARCH,
    TERM_COUNT,
    HalfVector,
    Integers,
    SparseVector,
    format_sparse_vector,
    format_vector,
    shorten_term,
)
from directory.indexing.words import find_stems, number_stem
from directory.listing import KINDS
from directory.search.candidates import Candidates
from directory.search.criteria import Condition
from directory.search.filters import build_is_within, make_filters
from directory.search.index import Index
from directory.search.inverted_index import Rarity
from directory.search.query import Query
from directory.search.scoring import RankingQuery, make_ranking_query, offers_help

# How many of the nearest are candidates at first, and each time that those were not enough.
WIDTHS = (3_000, 10_000, 100_000)
# The share of them taken from each part that has a small advantage, such as near places: a mile
# costs as much as a fair difference in fit. A listing that suits, or a role for a person who
# offers help, wins over nearly everything else, so as many are taken from those as from all.
_PART_SHARE = 0.4
_RINGS_MILES = (1.0, 3.0, 10.0)
# Up to this many rows are sorted exactly. More are searched by the index of vectors, for a thousand
# rows at a time. That is its limit, and with fewer it misses more: see
# docs/decisions/postgresql-search.md.
_MAX_SORTED = 20_000
# The share of listings in a square takes long to count.
_MAX_SORTED_NEAR = 5_000
_EF_SEARCH = 1_000
_MAX_SCANNED = 40_000
# The rarest words are looked up until they give this many listings, and the best are taken.
_MAX_SEEN_BY_WORDS = 4_000
_TAKEN_BY_WORDS = 200
_READ_ENTRIES = """
    SELECT listing_id, vector, text_digest, facts, terms, points, sessions, labels
    FROM entry WHERE listing_id = ANY(%s)
"""


class PostgresBackend:
    """Finds the candidates for a query. Holds no state; safe to use from several threads."""

    widths: tuple[int, ...] = WIDTHS

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load_changes(self, session: Session, since: int) -> None:
        """Nothing to do: each query reads the database."""

    def __len__(self) -> int:
        with self._engine.connect() as connection:
            return _count_listings(connection, [0]).get(0, 0)

    def find_candidates(
        self, query: Query, vector: Vectors | None, label_numbers: Sequence[int], width: int
    ) -> Candidates:
        """The `width` likeliest listings and some more.

        `vector` is the query's, of shape (384,); `label_numbers` are those of its labels.
        """
        terms = Counter(map(number_stem, find_stems(query.text)))
        allowed = _build_allowed(query, label_numbers)
        with self._engine.connect() as connection:
            connection.execute(_SETTINGS)
            rarity = _find_rarity(connection, terms)
            ids, complete = _find_by_words(connection, terms, rarity, allowed, width)
            if vector is not None:
                ranking_query = make_ranking_query(query.text, vector)
                nearest, complete = _find_by_meaning(
                    connection, query, ranking_query, allowed, width
                )
                ids |= nearest
            entries = _read_entries(connection, sorted(ids))
            return Candidates(Index.from_entries(entries, rarity), complete)


def _build_allowed(query: Query, label_numbers: Sequence[int]) -> list[Condition]:
    """SQL conditions that every allowed row meets."""
    filters = [
        query_filter.build_condition() for query_filter in make_filters(query, label_numbers)
    ]
    return filters + [criterion.build_allowed() for criterion in query.list_criteria()]


# A generic plan would treat rare and common values alike.
_SETTINGS = text(
    f"SELECT set_config('hnsw.ef_search', '{_EF_SEARCH}', true), "
    "set_config('hnsw.iterative_scan', 'relaxed_order', true), "
    f"set_config('hnsw.max_scan_tuples', '{_MAX_SCANNED}', true), "
    "set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)


def _find_by_meaning(
    connection: Connection,
    query: Query,
    ranking_query: RankingQuery,
    allowed: Sequence[Condition],
    width: int,
) -> tuple[set[int], bool]:
    """The ids nearest in meaning, of all and of each part that has an advantage.

    The second value is whether they are all that is allowed.
    """
    vector = ranking_query.aim
    is_few = _are_few(connection, allowed)
    ids = _find_nearest(connection, vector, allowed, width, is_few=is_few)
    if len(ids) < width:
        return ids, True
    part_width = int(width * _PART_SHARE)
    suited = [criterion.build_suited() for criterion in query.list_criteria()]
    parts = [([condition], part_width) for condition in suited] if len(suited) > 1 else []
    parts += [(suited, width)] if suited else []
    # A person who offers help is shown roles before listings that are nearer in meaning.
    is_role: Condition = ENTRY_SEARCH.c.kind == KINDS.index("volunteering")
    parts.append(([is_role], width) if offers_help(ranking_query) else ([~is_role], part_width))
    for conditions, count in parts:
        part = [*allowed, *conditions]
        is_few = _are_few(connection, part)
        ids |= _find_nearest(connection, vector, part, count, is_few=is_few)
    if query.near is not None:
        part = [*allowed, ENTRY_SEARCH.c.area.is_(None)]
        is_few = _are_few(connection, part, _MAX_SORTED_NEAR)
        ids |= _find_nearest(connection, vector, part, part_width, is_few=is_few)
        is_few = True
        for miles in _RINGS_MILES:
            if is_few and (query.within is None or miles < query.within):
                part = [*allowed, build_is_within(query.near, miles)]
                is_few = _are_few(connection, part, _MAX_SORTED_NEAR)
                ids |= _find_nearest(connection, vector, part, part_width, is_few=is_few)
    return ids, False


def _are_few(
    connection: Connection, conditions: Sequence[Condition], most: int | None = None
) -> bool:
    """Whether at most `most` rows (`_MAX_SORTED`) meet the conditions."""
    most = _MAX_SORTED if most is None else most
    rows = select(ENTRY_SEARCH.c.listing_id).where(*conditions).limit(most + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(rows)) or 0) <= most


def _find_nearest(
    connection: Connection,
    vector: Vectors,
    conditions: Sequence[Condition],
    count: int,
    *,
    is_few: bool,
) -> set[int]:
    """The ids of the `count` rows nearest in meaning among those that meet the conditions."""
    distance = ENTRY_SEARCH.c.embedding.op("<#>")(cast(format_vector(vector), HalfVector()))
    nearest = select(ENTRY_SEARCH.c.listing_id).where(*conditions).order_by(distance).limit(count)
    connection.execute(_BY_SORTING if is_few else _BY_INDEX)
    ids = set(connection.scalars(nearest))
    if len(ids) < count and not is_few:
        # The index gives up after many rows that the conditions refuse; a sort does not.
        connection.execute(_BY_SORTING)
        ids = set(connection.scalars(nearest))
    connection.execute(_BY_EITHER)
    return ids


def _choose_plan(*, by_index: str, otherwise: str) -> TextClause:
    return text(
        f"SELECT set_config('enable_indexscan', '{by_index}', true), "
        f"set_config('enable_seqscan', '{otherwise}', true), "
        f"set_config('enable_bitmapscan', '{otherwise}', true), "
        f"set_config('enable_sort', '{otherwise}', true)"
    )


# The planner guesses the share of listings in a square without looking.
_BY_SORTING = _choose_plan(by_index="off", otherwise="on")
_BY_INDEX = _choose_plan(by_index="on", otherwise="off")
_BY_EITHER = _choose_plan(by_index="on", otherwise="on")


def _find_by_words(
    connection: Connection,
    terms: Counter[int],
    rarity: Rarity,
    allowed: Sequence[Condition],
    width: int,
) -> tuple[set[int], bool]:
    """The ids of listings with the query's rarest words, and whether no other has any of its words.

    The best listing of all is included even if it is not allowed, because BM25 is scaled by it.
    """
    used = sorted((rarity.counts[term], term) for term in terms if rarity.counts[term])
    chosen: list[int] = []
    seen = 0
    for count, term in used:
        if chosen and seen + count > max(_MAX_SEEN_BY_WORDS, width):
            break
        seen += count
        chosen.append(shorten_term(term))
    if not chosen:
        return set(), True
    weights = {shorten_term(term): terms[term] * rarity.weigh(count) for count, term in used}
    score = ENTRY_SEARCH.c.words.op("<#>")(cast(format_sparse_vector(weights), SparseVector()))
    sharing = (
        select(ENTRY_SEARCH.c.listing_id, score.label("score"), and_(*allowed).label("is_allowed"))
        .where(ENTRY_SEARCH.c.terms.op("&&")(cast(chosen, Integers)))
        .cte("sharing")
        .prefix_with("MATERIALIZED")
    )
    taken = max(_TAKEN_BY_WORDS, width // 2)
    best = select(sharing.c.listing_id, false()).order_by(sharing.c.score)
    rows = connection.execute(
        union_all(
            best.limit(1).subquery().select(),
            select(sharing.c.listing_id, true())
            .where(sharing.c.is_allowed)
            .order_by(sharing.c.score)
            .limit(taken)
            .subquery()
            .select(),
        )
    ).all()
    allowed_count = sum(is_allowed for _, is_allowed in rows)
    complete = len(chosen) == len(used) and allowed_count < taken
    return {listing_id for listing_id, _ in rows}, complete


def _read_entries(connection: Connection, ids: list[int]) -> Entries:
    driver: Any = connection.connection
    # Bytes written as text are twice as long, and slower to read.
    rows = driver.cursor(binary=True).execute(_READ_ENTRIES, [ids]).fetchall()
    return read_entries([row[0] for row in rows], [Entry(*row[1:]) for row in rows])


def _find_rarity(connection: Connection, terms: Collection[int]) -> Rarity:
    counts = _count_listings(connection, [0, *map(shorten_term, terms)])
    return Rarity(counts.get(0, 0), {term: counts.get(shorten_term(term), 0) for term in terms})


def _count_listings(connection: Connection, terms: Sequence[int]) -> dict[int, int]:
    """How many listings use each of the shortened terms; at 0, how many there are."""
    is_requested = TERM_COUNT.c.term == func.any(cast(list(terms), Integers))
    counts = select(TERM_COUNT.c.term, TERM_COUNT.c.listings).where(is_requested)
    return {row.term: row.listings for row in connection.execute(counts)}
