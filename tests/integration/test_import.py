"""Importing files: 819 real services, repeated, changed, broken and interrupted imports."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError

from directory.database import migrate, open_database
from directory.encoder import Encoder, Vectors
from directory.errors import DatabaseError, SourceError
from directory.importing.importer import import_listings
from directory.listing import Listing, Place, load_listing
from directory.listing_text import build_encoder_text
from directory.models import Base, ListingRow
from directory.rejected import RejectedRow
from directory.search.service import count_listings
from directory.sources.detect import read_source
from tests.support.markup import TAG

TEA = Listing("tea", "Tea", "group", "Tea and talk.", places=(Place("Hall"),))
CHOIR = Listing("choir", "Choir", "group", "Singing together.")
SHED = Listing("shed", "Shed", "group", "Woodwork.")


class RecordingEncoder(Encoder):
    """The real encoder, recording the texts that it encodes."""

    def __init__(self, encoder: Encoder) -> None:
        self._real = encoder
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str], progress=None) -> Vectors:
        self.texts += texts
        return self._real.encode(texts, progress)


class FailingEncoder(RecordingEncoder):
    """An encoder that fails after half of its texts."""

    def encode(self, texts: Sequence[str], progress=None) -> Vectors:
        self._real.encode(texts[: len(texts) // 2], progress)
        raise MemoryError


def read_tables(engine: Engine) -> dict[str, list[tuple]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))))
            for name, table in Base.metadata.tables.items()
        }


def read_listings(engine: Engine) -> list[Listing]:
    with engine.connect() as connection:
        documents = connection.scalars(select(ListingRow.document))
        return list(map(load_listing, documents))


@pytest.fixture(scope="module")
def bristol(remembering_encoder: Encoder, feeds: Path, make_url: Callable[[], str]):
    """The 819 services, imported once and then again."""
    engine = open_database(make_url())
    migrate(engine)
    path = str(feeds / "bristol.json")
    first = import_listings(engine, remembering_encoder, "bristol", read_source(path))
    recording_encoder = RecordingEncoder(remembering_encoder)
    second = import_listings(engine, recording_encoder, "bristol", read_source(path))
    yield engine, first, second, recording_encoder.texts
    engine.dispose()


def test_819_real_services_are_imported(bristol):
    _, first, _, _ = bristol
    assert (first.added, first.updated, first.unchanged) == (811, 0, 0)
    reasons = [rejected.reason for rejected in first.quarantined]
    assert len(reasons) == 8
    assert sum("it has no description" in reason for reason in reasons) == 8
    assert sum("it has no name" in reason for reason in reasons) == 1


def test_the_second_import_changes_and_encodes_nothing(bristol):
    _, first, second, encoded = bristol
    assert (second.added, second.updated, second.unchanged) == (0, 0, 811)
    assert (second.encoded, encoded) == (0, [])
    assert second.quarantined == first.quarantined


def test_html_of_the_real_feed_becomes_clean_text(bristol, feeds):
    engine = bristol[0]
    raw = json.loads((feeds / "bristol.json").read_text())
    assert any(TAG.search(service.get("description") or "") for service in raw)
    for listing in read_listings(engine):
        assert not TAG.search(listing.name + listing.description)
        assert "&nbsp;" not in listing.description
        assert "&amp;" not in listing.description
        assert len(listing.description) < 20_000


def test_websites_of_the_real_feed_are_valid_urls(bristol):
    websites = [listing.website for listing in read_listings(bristol[0])]
    assert sum(map(bool, websites)) > 700
    assert all(site.lower().startswith(("http://", "https://")) for site in websites if site)


@pytest.mark.parametrize(
    ("changed", "encoded"),
    [
        (replace(TEA, description="Tea, talk and cake."), 1),
        (replace(TEA, name="Tea time"), 1),
        (replace(TEA, topics=("tea",)), 1),
        (replace(TEA, phone="0117"), 0),
        (replace(TEA, alert="Back in May"), 0),
        (replace(TEA, places=(Place("Barn"),)), 0),
        (TEA, 0),
    ],
)
def test_a_listing_is_encoded_again_only_if_its_text_changed(engine, encoder, changed, encoded):
    import_listings(engine, encoder, "town", [TEA, CHOIR])
    recording_encoder = RecordingEncoder(encoder)
    report = import_listings(engine, recording_encoder, "town", [changed, CHOIR, SHED])
    is_unchanged = changed == TEA
    assert (report.added, report.updated, report.unchanged) == (
        1,
        int(not is_unchanged),
        1 + int(is_unchanged),
    )
    assert report.encoded == encoded + 1
    assert recording_encoder.texts == [
        build_encoder_text(listing) for listing in ([changed] if encoded else []) + [SHED]
    ]


def test_sources_do_not_affect_each_other(engine, encoder):
    import_listings(engine, encoder, "one", [TEA])
    report = import_listings(engine, encoder, "two", [replace(TEA, name="Other tea")])
    assert report.added == 1
    assert count_listings(engine) == 2


def test_a_reference_used_twice_is_quarantined(engine, encoder):
    report = import_listings(engine, encoder, "town", [TEA, replace(CHOIR, key="tea")])
    [rejected] = report.quarantined
    assert (report.added, rejected.name) == (1, "Choir")
    assert "'tea' is used twice" in rejected.reason


def test_quarantine_holds_the_rejected_rows_of_the_last_import(engine, encoder):
    rejected = RejectedRow("b", "Bad", "it has no description", {"id": "b", "amount": float("nan")})
    import_listings(engine, encoder, "town", [TEA, rejected])
    assert [row[2:5] for row in read_tables(engine)["quarantined_row"]] == [
        ("b", "Bad", "it has no description")
    ]
    import_listings(engine, encoder, "town", [TEA])
    assert read_tables(engine)["quarantined_row"] == []


def test_a_failing_encoder_changes_nothing(engine, encoder):
    import_listings(engine, encoder, "town", [TEA])
    before = read_tables(engine)
    with pytest.raises(MemoryError):
        import_listings(engine, FailingEncoder(encoder), "town", [CHOIR, SHED], notice="New")
    assert read_tables(engine) == before


@pytest.mark.parametrize(
    "statement", ["INSERT INTO listing", "DELETE FROM quarantined", "UPDATE revision"]
)
def test_a_failing_database_changes_nothing(engine, encoder, statement):
    import_listings(engine, encoder, "town", [TEA])
    before = read_tables(engine)

    def fill_the_disk(_conn, _cursor, sql: str, parameters, _context, _many) -> None:
        if sql.startswith(statement):
            raise OperationalError(sql, parameters, Exception("database or disk is full"))

    event.listen(engine, "before_cursor_execute", fill_the_disk)
    changed = replace(TEA, name="Teas", places=())
    with pytest.raises(DatabaseError, match=r"disk is full.*Nothing from town was imported"):
        import_listings(engine, encoder, "town", [changed, CHOIR], notice="New")
    event.remove(engine, "before_cursor_execute", fill_the_disk)
    assert read_tables(engine) == before


def test_only_an_import_with_changes_makes_a_revision(engine, encoder):
    import_listings(engine, encoder, "town", [TEA], notice="New")
    before = read_tables(engine)["revision"]
    import_listings(engine, encoder, "town", [TEA], notice="New")
    assert read_tables(engine)["revision"] == before
    import_listings(engine, encoder, "town", [TEA], notice="Newer")
    assert read_tables(engine)["revision"] != before


def test_the_report_lists_doubtful_values(engine, encoder, tmp_path):
    source = tmp_path / "town.json"
    tea = {"id": "1", "name": "Tea", "description": "Tea and talk.", "status": "active"}
    choir = tea | {"id": "2", "name": "Choir", "email": "ask at the desk", "url": "ftp://choir"}
    source.write_text(json.dumps([tea, choir]))
    report = import_listings(engine, encoder, "town", read_source(str(source)))
    assert (report.added, report.quarantined) == (2, ())
    [doubtful] = report.doubtful
    assert doubtful.name == "Choir"
    email_fault = "email 'ask at the desk' is not an e-mail address"
    assert any(email_fault in doubt for doubt in doubtful.doubts)
    second = import_listings(engine, encoder, "town", read_source(str(source)))
    assert (second.unchanged, second.doubtful) == (2, report.doubtful)


def test_progress_counts_to_the_end(engine, encoder):
    steps: list[tuple[str, int, int | None]] = []
    import_listings(
        engine, encoder, "town", [TEA, CHOIR], progress=lambda *step: steps.append(step)
    )
    assert steps[0] == ("Learning what they mean", 0, 2)
    assert steps[-1] == ("Learning what they mean", 2, 2)


SERVICES = json.dumps(
    [{"id": str(n), "name": f"Café {n}", "description": "Tea & talk £1"} for n in range(3)]
    + [{"id": "x", "name": "[/bold] no words"}],
    ensure_ascii=False,
)


def test_the_command_prints_counts_reasons_time_and_rate(command, tmp_path):
    (tmp_path / "cafés.json").write_text(SERVICES)
    result = command("import", str(tmp_path / "cafés.json"))
    assert result.returncode == 0, result.stderr
    counts, quarantined, rate = result.stdout.splitlines()
    assert counts == "cafés: 3 added, 0 updated, 0 unchanged, 0 closed, 1 quarantined."
    assert quarantined.strip().startswith("quarantined '[/bold] no words': it has no description")
    assert rate.startswith("3 listings in ")
    assert rate.endswith(" a second.")
    assert "Learning what they mean" in result.stderr


BROKEN = {
    "cut short": (SERVICES.encode()[:50], "is cut short or is not JSON"),
    "latin-1": (SERVICES.encode("latin-1"), "is not UTF-8"),
    "a web page": (b"<!DOCTYPE html><h1>Sign in</h1>", "is a web page"),
    "wrong columns": (b"title,text\nTea,Tea and talk.\n", "its first line must name the columns"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_reported_in_one_line_and_changes_nothing(command, name, tmp_path):
    content, fault = BROKEN[name]
    path = tmp_path / "feed"
    path.write_bytes(content)
    engine = open_database(f"sqlite:///{command.var / 'directory.db'}")
    migrate(engine)
    before = read_tables(engine)
    result = command("import", "--source", "cafés", str(path))
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    [line] = [line for line in result.stderr.splitlines() if str(path) in line]
    assert fault in line
    assert read_tables(engine) == before
    engine.dispose()


def test_a_truncated_feed_is_rejected(tmp_path, feeds):
    content = (feeds / "bristol.json").read_bytes()
    path = tmp_path / "cut.json"
    inside_a_character = next(n for n, byte in enumerate(content) if byte >= 0x80) + 1
    for cut in (
        inside_a_character,
        0,
        1,
        2,
        1000,
        len(content) // 3,
        len(content) // 2,
        len(content) - 2,
    ):
        path.write_bytes(content[:cut])
        with pytest.raises(SourceError):
            read_source(str(path))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[]", "holds no listings"),
        ('{"error": "sign in"}', "holds no Open Referral UK services"),
        ("[" * 100_000, "is JSON that cannot be read"),
        (f'[{{"id": {"9" * 5000}}}]', "is JSON that cannot be read"),
        ("[1, 2]", "holds no Open Referral UK services"),
    ],
)
def test_other_json_is_rejected(content, fault, tmp_path):
    (tmp_path / "feed.json").write_text(content)
    with pytest.raises(SourceError, match=fault):
        read_source(str(tmp_path / "feed.json"))
