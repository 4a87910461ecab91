"""PostgreSQL finds what the index in memory finds, and its search rows follow the entries."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from benchmarks.corpus import Corpus, find_example, find_queries, grow_corpus
from benchmarks.search import PreparedEncoder
from directory.database import migrate, open_database
from directory.encoder import Encoder
from directory.importing.classify import classify_listing
from directory.importing.importer import import_listings
from directory.importing.writer import PreparedListing, renew_entries, write_listings
from directory.indexing import postgres_rows
from directory.indexing.entries import LABEL, make_entry
from directory.indexing.postgres_rows import build_indexes_after
from directory.indexing.postgres_schema import shorten_term
from directory.indexing.words import TERM, find_stems, number_stem
from directory.listing import Listing, Place, Point, Schedule
from directory.listing_text import build_encoder_text
from directory.models import SourceRow
from directory.schedule import list_this_week
from directory.search import postgres_backend
from directory.search.memory_backend import MemoryBackend
from directory.search.postgres_backend import PostgresBackend
from directory.search.query import Hit, Query
from directory.search.service import SearchService

MANY = 3_000
TODAY = date(2026, 11, 23)
QUERIES = {
    "nothing more": Query(""),
    "volunteering": Query("", kinds=frozenset({"volunteering"})),
    "free": Query("", free=True),
    "a topic": Query("", labels=frozenset({("topics", "Gardening")})),
    "a strand": Query("", strands=frozenset({"volunteer_and_peer_roles"})),
    "step-free": Query("", needs=frozenset({"step-free"})),
    "on a Tuesday evening": Query("", needs=frozenset({"tuesday", "evening"})),
    "not in the evening": Query("", needs=frozenset({"not evening"})),
    "at 70": Query("", age=70),
    "this week": Query("", dates=list_this_week(TODAY)),
    "avoiding": Query("", avoid="walking"),
    "near": Query(""),
    "the nearest": Query("", nearest=True),
    "within a mile": Query("", within=1.0),
}


Pair = tuple[SearchService, SearchService]


@pytest.fixture(scope="module")
def example(encoder: Encoder) -> Corpus:
    listings = find_example()
    return Corpus(listings, encoder.encode(list(map(build_encoder_text, listings))), "the town")


@pytest.fixture(scope="module")
def make_engine(
    postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Engine]]:
    engines: list[Engine] = []

    def make(kind: str) -> Engine:
        url = f"sqlite:///{tmp_path_factory.mktemp('pair') / 'directory.db'}"
        if kind == "postgresql":
            url = postgres.url(postgres.make_database("directory"))
        engines.append(open_database(url))
        migrate(engines[-1])
        return engines[-1]

    yield make
    for postgres_engine in engines:
        postgres_engine.dispose()


@pytest.fixture(scope="module", params=["the town", "the town grown"])
def pair(request: pytest.FixtureRequest, make_engine, example: Corpus, encoder: Encoder) -> Pair:
    """The same listings in the database and in memory."""
    corpus = example if request.param == "the town" else grow_corpus(example, MANY)

    def fill(kind: str) -> SearchService:
        postgres_engine = make_engine(kind)
        import_listings(
            postgres_engine, PreparedEncoder(corpus), "town", corpus.listings, link=False
        )
        return SearchService(postgres_engine, encoder, lambda: TODAY)

    return fill("postgresql"), fill("sqlite")


@pytest.mark.parametrize("name", QUERIES)
def test_a_search_finds_what_the_index_in_memory_finds(pair, name, monkeypatch):
    in_database, in_memory = pair
    # As with hundreds of thousands of listings: the index of vectors is used, not a sort.
    monkeypatch.setattr(postgres_backend, "_MAX_SORTED", 300)
    monkeypatch.setattr(postgres_backend, "_MAX_SORTED_NEAR", 300)
    near = in_memory.require_area(in_memory.list_area_names()[0])
    queries, _ = find_queries()
    shared = []
    for query_text in queries[:20]:
        query = replace(QUERIES[name], text=query_text, limit=10)
        if query.nearest or query.within or name == "near":
            query = replace(query, near=near)
        found, expected = in_database.search(query), in_memory.search(query)
        assert len(found) == len(expected)
        by_key = {hit.stored.listing.key: hit for hit in expected}
        same = [hit for hit in found if hit.stored.listing.key in by_key]
        shared.append(len(same) / max(1, len(expected)) if expected else 1.0)
        for hit in same:
            assert_alike(hit, by_key[hit.stored.listing.key])
    assert np.mean(shared) >= 0.99


def assert_alike(hit: Hit, other: Hit) -> None:
    assert hit.reasons == other.reasons
    assert (hit.miles, hit.has_unknowns) == (other.miles, other.has_unknowns)
    assert hit.score == pytest.approx(other.score, abs=0.001)
    assert hit.fit == pytest.approx(other.fit, abs=0.001)


def test_a_listing_is_found_where_a_filter_allows_few(make_engine, example, monkeypatch):
    """The index of vectors gives up after many refused rows; a search must not."""
    monkeypatch.setattr(postgres_backend, "_MAX_SORTED", 1)
    corpus = grow_corpus(Corpus(example.listings[:50], example.vectors[:50], ""), 1_500)
    rare = [replace(listing, kind="have_a_say") for listing in corpus.listings[-3:]]
    common = [replace(listing, kind="group") for listing in corpus.listings[:-3]]
    postgres_engine = make_engine("postgresql")
    import_listings(postgres_engine, PreparedEncoder(corpus), "town", [*common, *rare], link=False)
    backend = PostgresBackend(postgres_engine)
    query = Query("nothing in particular", kinds=frozenset({"have_a_say"}))
    # As far from them as possible.
    away = -corpus.vectors[-3:].mean(axis=0)
    candidates = backend.find_candidates(query, away, (), backend.widths[0])
    assert candidates.is_complete
    allowed = candidates.index.entries.facts["kind"] == 3
    assert allowed.sum() == 3


def test_words_alone_decide_while_the_encoder_loads(make_engine, example):
    class Loading(Encoder):
        is_ready = False

        def __init__(self) -> None:
            pass

    keys = []
    for kind in ("postgresql", "sqlite"):
        postgres_engine = make_engine(kind)
        import_listings(postgres_engine, PreparedEncoder(example), "town", example.listings)
        search_service = SearchService(postgres_engine, Loading(), lambda: TODAY)
        keys.append(
            [hit.stored.listing.key for hit in search_service.search(Query("tea", limit=5))]
        )
    assert keys[0] == keys[1]
    assert keys[0]


TEA = Listing("tea", "Tea", "group", "Tea and talk.", topics=("tea",))
CHOIR = Listing("choir", "Choir", "group", "Singing together, and tea.")


@pytest.fixture
def postgres_engine(make_engine) -> Engine:
    return make_engine("postgresql")


def recount(postgres_engine: Engine) -> tuple[dict[int, int], dict[int, int]]:
    """How many listings use each term: as stored, and as counted now."""
    with postgres_engine.connect() as connection:
        kept = connection.execute(text("SELECT term, listings FROM term_count WHERE listings <> 0"))
        rows = connection.execute(text("SELECT terms FROM entry_search")).all()
        counts = Counter(term for (terms,) in rows for term in terms)
        return dict(map(tuple, kept)), {0: len(rows), **counts}


def test_term_counts_follow_every_change(postgres_engine, encoder):
    for rows in (
        [TEA, CHOIR],
        [replace(TEA, description="Coffee."), CHOIR],
        [CHOIR],
        [TEA, CHOIR],
    ):
        import_listings(postgres_engine, encoder, "town", rows)
        kept, counted = recount(postgres_engine)
        assert kept == counted
    assert kept[shorten_term(number_stem(find_stems("tea")[0]))] == 2
    with postgres_engine.begin() as connection:
        connection.execute(text("DELETE FROM listing WHERE key = 'tea'"))
    kept, counted = recount(postgres_engine)
    assert kept == counted
    assert kept[0] == 1


def test_terms_are_counted_once_where_most_rows_are_new(postgres_engine, encoder, monkeypatch):
    """Each change of a count leaves a dead row, and thousands of them are slow to skip."""
    monkeypatch.setattr(postgres_rows, "_MIN_REBUILT", 2)
    vectors = encoder.encode([TEA.name, CHOIR.name])
    pairs = zip((TEA, CHOIR), vectors, strict=True)
    written = [PreparedListing(listing, make_entry(listing, vector)) for listing, vector in pairs]
    changes = text("SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'term_count'")
    with Session(postgres_engine) as session:
        source = SourceRow(name="town")
        session.add(source)
        session.flush()
        with build_indexes_after(session, len(written)):
            for listing in written:
                write_listings(session, source.id, [listing])
        assert session.scalar(changes) == 0
        session.commit()
    kept, counted = recount(postgres_engine)
    assert kept == counted
    assert kept[0] == 2
    # Afterwards they follow every change again.
    import_listings(postgres_engine, encoder, "town", [TEA])
    import_listings(postgres_engine, encoder, "others", [replace(CHOIR, key="another")])
    kept, counted = recount(postgres_engine)
    assert kept == counted


def test_slow_indexes_are_built_once_where_most_rows_are_new(postgres_engine, encoder, monkeypatch):
    def read_indexes() -> dict[str, tuple[int, str]]:
        query = text(
            "SELECT indexname, CAST(CAST(indexname AS regclass) AS oid), indexdef FROM pg_indexes "
            "WHERE tablename = 'entry_search'"
        )
        with postgres_engine.connect() as connection:
            return {name: (oid, definition) for name, oid, definition in connection.execute(query)}

    def find_rebuilt(before: dict[str, tuple[int, str]]) -> set[str]:
        now = read_indexes()
        assert {name: definition for name, (_, definition) in now.items()} == {
            name: definition for name, (_, definition) in before.items()
        }
        return {name for name, index in now.items() if index != before[name]}

    monkeypatch.setattr(postgres_rows, "_MIN_REBUILT", 2)
    before = read_indexes()
    import_listings(postgres_engine, encoder, "town", [TEA, CHOIR])
    slow = {"ix_entry_search_embedding", "ix_entry_search_terms"}
    assert find_rebuilt(before) == slow
    more = [replace(CHOIR, key=str(number), name=f"Choir {number}") for number in range(4)]
    import_listings(postgres_engine, encoder, "others", more)
    before = read_indexes()
    import_listings(postgres_engine, encoder, "town", [replace(TEA, description="Coffee."), CHOIR])
    assert not find_rebuilt(before)
    [hit] = SearchService(postgres_engine, encoder).search(Query("coffee", limit=1))
    assert hit.stored.listing.name == "Tea"


def test_every_entry_has_its_search_row(postgres_engine, encoder):
    import_listings(postgres_engine, encoder, "town", [TEA, CHOIR])
    import_listings(
        postgres_engine, encoder, "town", [replace(TEA, schedules=(Schedule(("Monday",)),))]
    )
    with postgres_engine.connect() as connection:
        shown = connection.execute(
            text(
                "SELECT shown, slots, vector, CAST(embedding AS real[]) FROM entry "
                "JOIN entry_search USING (listing_id) ORDER BY listing_id"
            )
        ).all()
    assert [row[0] for row in shown] == [True, False]
    assert shown[0][1] == [200]
    for _, _, vector, embedding in shown:
        assert np.frombuffer(vector, np.float16).tolist() == pytest.approx(embedding)


def test_a_search_row_holds_the_values_of_its_entry(postgres_engine, encoder):
    hall = Place(point=Point(51.25, -2.5))
    other = Place(point=Point(51.5, -2.75))
    sewing = replace(TEA, places=(hall, other), minimum_age=18, topics=("sewing", "tea"))
    import_listings(postgres_engine, encoder, "town", [sewing, CHOIR])
    with postgres_engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT entry.terms, entry.labels, entry_search.labels, entry_search.terms, "
                "CAST(words AS text), CAST(area AS text), youngest, oldest, free "
                "FROM entry JOIN entry_search USING (listing_id) ORDER BY listing_id"
            )
        ).all()
    for terms, labels, numbers, searched, words, *_ in rows:
        kept = {shorten_term(term): impact for term, impact in np.frombuffer(terms, TERM).tolist()}
        assert searched == sorted(kept)
        inside, _, most = words.partition("}/")
        pairs = [pair.split(":") for pair in inside.removeprefix("{").split(",")]
        assert {int(term): float(impact) for term, impact in pairs} == pytest.approx(kept)
        assert int(most) == 1_000_000_000
        assert numbers == np.frombuffer(labels, LABEL).tolist()
    assert [row[5:] for row in rows] == [
        ("(-2.5,51.5),(-2.75,51.25)", 18, -1, False),
        (None, -1, -1, False),
    ]
    assert len(rows[0][2]) == 2


def test_entries_of_an_older_version_are_made_searchable(postgres_engine, encoder):
    import_listings(postgres_engine, encoder, "town", [TEA, CHOIR])
    migrate(postgres_engine, "0004", down=True)
    migrate(postgres_engine)
    assert len(PostgresBackend(postgres_engine)) == 0
    assert renew_entries(postgres_engine) == 2
    [hit] = SearchService(postgres_engine, encoder).search(Query("singing", limit=1))
    assert hit.stored.listing == classify_listing(CHOIR)


def test_the_whole_directory_is_never_read(postgres_engine, encoder, monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(MemoryBackend, "load_changes", refuse)
    import_listings(postgres_engine, encoder, "town", [TEA, CHOIR])
    monkeypatch.setattr(postgres_backend, "WIDTHS", (1,))
    monkeypatch.setattr(PostgresBackend, "widths", (1,))
    monkeypatch.setattr(postgres_backend, "_TAKEN_BY_WORDS", 1)
    vector = encoder.encode(["tea"])[0]
    candidates = PostgresBackend(postgres_engine).find_candidates(Query("tea"), vector, (), 1)
    index = candidates.index
    assert (len(index), candidates.is_complete) == (1, False)
    assert index.inverted_index.size == 2
    assert index.inverted_index.count(number_stem(find_stems("tea")[0])) == 2
