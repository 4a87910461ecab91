"""The CSV template: each column, each fault, and the variants that spreadsheets save."""

import csv
import io
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.errors import SourceError
from directory.listing import (
    ASSETS,
    DAYS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Place,
    Point,
    Schedule,
)
from directory.rejected import RejectedRow
from directory.sources.detect import read_source
from directory.sources.template import COLUMNS, read_rows

FULL = {
    "id": "T1",
    "name": "Tea & Talk",
    "kind": "Have a say",
    "description": "<p>Tea, cake</p><p>and talk.</p>",
    "organisation": "Friends",
    "strands": "strengthening communities; volunteer_and_peer_roles",
    "assets": "groups_and_associations",
    "topics": "tea; talk;",
    "website": "www.example.org/?a=1&copy=2",
    "email": "tea@example.org",
    "phone": "01632 960000",
    "venue": "The Hall",
    "address": "1 High Street",
    "neighbourhood": "Old Town",
    "postcode": "zy11aa",
    "latitude": "53.5",
    "longitude": "1.25",
    "covers": "All of Larkhaven",
    "online": "Yes",
    "days": "tues; Thursdays",
    "repeats": "Weekly",
    "start_time": "9:30",
    "end_time": "2.00 pm",
    "starts": "2026-10-01",
    "ends": "2027-06-30",
    "when": "Not in August",
    "cost": "£2.50",
    "cost_amount": "£2.50",
    "accessibility": "step-free; hearing loop",
    "audience": "carers",
    "minimum_age": "18",
    "maximum_age": "999",
    "eligibility": "Carers of adults",
    "how_to_join": "Ring first",
    "languages": "English; BSL",
    "skills_wanted": "driving",
    "commitment": "an hour",
    "status": "Temporarily closed",
    "alert": "Back soon",
    "confidential": "no",
    "assured_date": "2026-10-01",
}


def write_sheet(*rows: dict[str, str], header: list[str] | None = None) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, header or list(COLUMNS))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_row(**changes: str) -> Listing | RejectedRow:
    [row] = read_rows(write_sheet(FULL | changes), "sheet.csv")
    return row


def test_every_column_is_read():
    assert set(FULL) == set(COLUMNS)
    assert read_row() == Listing(
        key="T1",
        name="Tea & Talk",
        kind="have_a_say",
        description="Tea, cake\nand talk.",
        organisation="Friends",
        strands=("strengthening_communities", "volunteer_and_peer_roles"),
        assets=("groups_and_associations",),
        topics=("tea", "talk"),
        website="https://www.example.org/?a=1&copy=2",
        email="tea@example.org",
        phone="01632 960000",
        places=(Place("The Hall", "1 High Street", "Old Town", "ZY1 1AA", Point(53.5, 1.25)),),
        covers="All of Larkhaven",
        online=True,
        schedules=(
            Schedule(
                ("Tuesday", "Thursday"),
                "weekly",
                time(9, 30),
                time(14),
                "Not in August",
                date(2026, 10, 1),
                date(2027, 6, 30),
            ),
        ),
        cost="£2.50",
        cost_amount=2.5,
        accessibility=("step-free", "hearing loop"),
        audience=("carers",),
        minimum_age=18,
        maximum_age=None,
        eligibility="Carers of adults",
        how_to_join="Ring first",
        languages=("English", "BSL"),
        skills_wanted=("driving",),
        commitment="an hour",
        status="temporarily closed",
        alert="Back soon",
        confidential=False,
        assured_date=date(2026, 10, 1),
    )


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("name", " ", "column 'name' is empty"),
        ("name", "Tea " * 100, "its name has 399 letters"),
        ("kind", "", "column 'kind' is empty"),
        ("kind", "club", "column 'kind' says 'club'; use one of group"),
        ("description", "<p></p>", "column 'description' is empty"),
        ("description", "tea " * 6000, "its description has 23,999 letters"),
        ("strands", "knitting", "column 'strands' says 'knitting'"),
        ("assets", "money", "column 'assets' says 'money'"),
        ("website", "javascript:alert(1)", "column 'website'"),
        ("website", "ask Jo", "column 'website'"),
        ("latitude", "north", "must be numbers of degrees"),
        ("latitude", "NaN", "latitude nan is not between"),
        ("latitude", "530", "latitude 530 is not between -90 and 90"),
        ("longitude", "inf", "longitude inf is not between"),
        ("online", "perhaps", "column 'online' says 'perhaps'; write yes or no"),
        ("days", "Blursday", "column 'days' says 'Blursday'"),
        ("repeats", "yearly", "column 'repeats'"),
        ("start_time", "25:00", "column 'start_time' says '25:00'"),
        ("end_time", "late", "column 'end_time' says 'late'"),
        ("starts", "spring", "column 'starts' says 'spring'"),
        ("ends", "2026-02-30", "column 'ends' says '2026-02-30'"),
        ("ends", "2026-09-30", "column 'ends' is before column 'starts'"),
        ("cost_amount", "a fiver", "column 'cost_amount' says 'a fiver'"),
        ("cost_amount", "-1", "column 'cost_amount'"),
        ("cost_amount", "nan", "column 'cost_amount'"),
        ("minimum_age", "young", "column 'minimum_age' must be a whole number of years"),
        ("minimum_age", "-3", "column 'minimum_age'"),
        ("maximum_age", "17", "its lowest age, 18, is above its highest, 17"),
        ("status", "resting", "column 'status' says 'resting'"),
        ("confidential", "mostly", "column 'confidential' says 'mostly'; write yes or no"),
        ("assured_date", "last week", "column 'assured_date' says 'last week'"),
        ("email", "tea at example.org", "column 'email' says 'tea at example.org'; write an"),
        ("email", "tea@", "column 'email' says 'tea@'"),
        ("end_time", "9:00", "column 'end_time' is before column 'start_time'"),
        ("start_time", "14", "column 'start_time' says '14'"),
        ("start_time", "13pm", "column 'start_time' says '13pm'"),
        ("days", "Every other Tuesday", "column 'days' says 'Every other Tuesday'"),
        ("days", "t", "column 'days' says 't'"),
        ("days", "sss", "column 'days' says 'sss'"),
        ("days", "Tue/Blursday", "column 'days' says 'Tue/Blursday'"),
    ],
)
def test_a_fault_names_the_row_and_the_column(column, cell, fault):
    row = read_row(**{column: cell})
    assert isinstance(row, RejectedRow)
    assert fault in row.reason
    assert "line 2" in row.reason


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("mo", ("Monday",)),
        ("Every Tuesday", ("Tuesday",)),
        ("weekdays", DAYS[:5]),
        ("Weekends", DAYS[5:]),
        ("Tue/Thu", ("Tuesday", "Thursday")),
        ("Tuesdays, Weds. and THURS; fri & Tue", ("Tuesday", "Wednesday", "Thursday", "Friday")),
        ("every day", DAYS),
    ],
)
def test_days_are_read_however_they_are_typed(cell, days):
    row = read_row(days=cell)
    assert isinstance(row, Listing)
    assert row.schedules[0].days == days


@pytest.mark.parametrize(
    ("cells", "opens", "closes"),
    [
        (("9am", "2pm"), time(9), time(14)),
        (("12 a.m.", "12 pm"), time(0), time(12)),
        (("9.30", "9:30"), time(9, 30), time(9, 30)),
    ],
)
def test_times_are_read_however_they_are_typed(cells, opens, closes):
    row = read_row(start_time=cells[0], end_time=cells[1])
    assert isinstance(row, Listing)
    assert (row.schedules[0].opens_at, row.schedules[0].closes_at) == (opens, closes)


def test_free_means_a_cost_of_zero():
    row = read_row(cost_amount="Free")
    assert isinstance(row, Listing)
    assert row.cost_amount == 0


@pytest.mark.parametrize(
    ("cell", "confidential"),
    [("yes", True), ("perhaps", True), ("no", False), ("False", False), ("", False), ("0", False)],
)
def test_a_rejected_row_is_marked_confidential(cell, confidential):
    row = read_row(confidential=cell, kind="club", latitude="9999")
    assert isinstance(row, RejectedRow)
    assert row.confidential == confidential
    assert ("9999" in row.reason) == (not confidential)
    shifted_cells = dict(zip(FULL, ["T1", "Tea", *FULL.values()], strict=False))
    line = (
        write_sheet(shifted_cells | {"confidential": "no", "assured_date": cell}).rstrip()
        + ",,\r\n"
    )
    (shifted_row,) = read_rows(line, "sheet.csv")
    assert isinstance(shifted_row, RejectedRow)
    assert shifted_row.confidential == confidential


def test_a_row_reports_all_of_its_faults():
    row = read_row(
        kind="club", online="perhaps", days="Blursday", minimum_age="young", status="off"
    )
    assert isinstance(row, RejectedRow)
    columns = "kind online days minimum_age status".split()
    assert [column for column in columns if f"column {column!r}" not in row.reason] == []


@pytest.mark.parametrize("repeats", ["once", "monthly"])
def test_a_schedule_without_a_weekday_needs_a_start_date(repeats):
    row = read_row(repeats=repeats, days="", starts="", ends="")
    assert isinstance(row, RejectedRow)
    assert "column 'starts' is empty" in row.reason
    assert isinstance(read_row(repeats=repeats, days=""), Listing)


def test_a_row_without_an_id_is_identified_by_its_name():
    row = read_row(id="")
    assert isinstance(row, Listing)
    assert row.key == "Tea & Talk / Friends"


def test_a_confidential_row_is_read_without_its_place():
    row = read_row(confidential="Y", latitude="9999")
    assert isinstance(row, Listing)
    assert (row.confidential, row.places) == (True, ())


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\r"),
        lambda text: text.rstrip("\r\n"),
        lambda text: text.replace("Friends", "Fri\x00ends"),
        lambda text: text + ",,,,\r\n\r\n",
        lambda text: text.replace("kind", " Kind ", 1),
    ],
    ids=["plain", "byte order mark", "LF", "CR", "no last newline", "NUL", "blank rows", "spaces"],
)
def test_sheets_from_any_program_are_read(edit, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_bytes(edit(write_sheet(FULL)).encode())
    assert read_source(str(path)) == [read_row()]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name;kind;description\nTea;group;Tea.\n", "separates its cells with semicolons"),
        ("name\tkind\tdescription\nTea\tgroup\tTea.\n", "separates its cells with tabs"),
        ("name,kind,description,name\nTea,group,Tea.,Tea\n", "has the column 'name' twice"),
        (
            "name,kind,description,colour\nTea,group,Tea.,red\n",
            "a column that the template lacks: 'colour'",
        ),
        ("name,kind\nTea,group\n", "its first line must name the columns"),
        ("name,kind,description\n", "holds no listings"),
        ('name,kind,description\nTea,group,"Tea', "cut short"),
        ("name,kind,description\nTea,gro", "cut short in line 2"),
        (f"name,kind,description\nTea,group,{'x' * 120_000}\n", "line 2: a cell is longer than"),
        ("x" * 200_000, "its first line must name the columns"),
        ("<!DOCTYPE html><title>Sign in</title>", "is a web page"),
        (" \n", "is empty"),
    ],
)
def test_an_invalid_sheet_is_rejected_as_a_whole(text, fault, tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=fault) as failure:
        read_source(str(path))
    assert "\n" not in str(failure.value)


def test_a_row_with_too_many_cells_is_rejected_without_its_cells():
    [row] = read_rows("name,kind,description,confidential\nTea,group,Tea, 1 High St,yes\n", "s")
    assert isinstance(row, RejectedRow)
    assert "more cells than columns" in row.reason
    assert "High St" not in str(row.content)


def test_a_cut_sheet_is_rejected_or_its_rows_are_unchanged():
    keys = ["First", "Second", "Third"]
    text = write_sheet(*(FULL | {"id": name, "name": name} for name in keys))
    rows = list(read_rows(text, "sheet.csv"))
    for cut in range(text.index("\n") + 1, len(text)):
        try:
            cut_rows = list(read_rows(text[:cut], "sheet.csv"))
        except SourceError:
            continue
        for row, original in zip(cut_rows, rows, strict=False):
            # A cut inside the last cell cannot be noticed.
            if isinstance(row, Listing):
                assert isinstance(original, Listing)
                assert replace(row, assured_date=None) == replace(original, assured_date=None)


WORDS = st.text(
    st.characters(
        min_codepoint=32, max_codepoint=0x24F, categories=("L", "N"), include_characters=" ,'\"-£"
    ),
    min_size=1,
    max_size=30,
).map(lambda text: " ".join(f"a{text}".split()))
LISTS = st.lists(WORDS, max_size=3).map(tuple)
DEGREES = st.floats(1, 80).map(lambda number: round(number, 6))
LISTINGS = st.builds(
    Listing,
    key=WORDS,
    name=WORDS,
    kind=st.sampled_from(KINDS),
    description=WORDS,
    organisation=st.just("") | WORDS,
    strands=st.sets(st.sampled_from(STRANDS)).map(tuple),
    assets=st.sets(st.sampled_from(ASSETS)).map(tuple),
    topics=LISTS,
    email=st.sampled_from(["", "tea@example.org", "o'neill+tea@example.co.uk"]),
    places=st.just(())
    | st.tuples(
        st.builds(
            Place, WORDS, WORDS, WORDS, st.just("ZY1 1AA"), st.builds(Point, DEGREES, DEGREES)
        )
    ),
    online=st.booleans(),
    schedules=st.just(())
    | st.tuples(
        st.builds(
            Schedule,
            st.sets(st.sampled_from(DAYS), min_size=1).map(tuple),
            st.sampled_from(REPEATS),
            st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
            starts=st.dates(),
        )
    ),
    cost_amount=st.none() | st.integers(0, 9999).map(lambda pence: pence / 100),
    minimum_age=st.none() | st.integers(0, 60),
    maximum_age=st.none() | st.integers(60, 120),
    status=st.sampled_from(STATUSES),
    assured_date=st.none() | st.dates(),
)


def make_row(listing: Listing) -> dict[str, object]:
    """The cells of a listing, as a person would type them."""
    text_columns = "name kind description organisation email status".split()
    list_columns = "strands assets topics".split()
    row: dict[str, object] = {name: getattr(listing, name) for name in text_columns}
    row |= {name: "; ".join(getattr(listing, name)) for name in list_columns}
    row |= {
        name: "" if getattr(listing, name) is None else getattr(listing, name)
        for name in "cost_amount minimum_age maximum_age assured_date".split()
    }
    row |= {"id": listing.key, "online": "yes" if listing.online else "no"}
    for place in listing.places:
        row |= {
            name: getattr(place, name) for name in "venue address neighbourhood postcode".split()
        }
        assert place.point is not None
        row |= {"latitude": place.point.latitude, "longitude": place.point.longitude}
    for schedule in listing.schedules:
        row |= {"days": "; ".join(schedule.days), "repeats": schedule.repeats}
        row |= {"start_time": f"{schedule.opens_at:%H:%M}", "starts": schedule.starts}
    return row


@settings(deadline=None)
@given(LISTINGS)
def test_a_listing_written_to_a_sheet_is_read_back(listing):
    assert list(read_rows(write_sheet(make_row(listing)), "sheet.csv")) == [listing]  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.sampled_from(sorted(FULL)))
def test_no_cell_crashes_the_reader(cell, column):
    row = read_row(**{column: cell})
    assert isinstance(row, Listing | RejectedRow)
    repr(row).encode()
