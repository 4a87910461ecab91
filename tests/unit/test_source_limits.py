"""The limits of every source: each is counted while reading, before the work that it bounds."""

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from directory.errors import SourceError, SourceTooLargeError
from directory.sources.detect import read_bytes, read_source
from directory.sources.limits import SOURCE_LIMITS, UPLOAD_LIMITS

FEW = replace(SOURCE_LIMITS, max_rows=2)
SERVICE = {"id": "s1", "name": "Tea", "description": "Tea and talk."}
HEADER = "id,name,kind,description\n"


def make_zip(tables: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, text in tables.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def make_sheet(*descriptions: str) -> bytes:
    rows = (f'{number},Tea,group,"{text}"\n' for number, text in enumerate(descriptions))
    return (HEADER + "".join(rows)).encode()


def make_services(count: int = 1, **fields: Any) -> bytes:
    return json.dumps([SERVICE | fields | {"id": str(n)} for n in range(count)]).encode()


def make_calendar(*events: str, zone: str = "") -> bytes:
    blocks = [f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events]
    return f"BEGIN:VCALENDAR\n{zone}{''.join(blocks)}END:VCALENDAR\n".encode()


def make_events(count: int, *lines: str, begins: str = ":20260101T100000Z") -> bytes:
    text = "\n".join(("SUMMARY:Tea", f"DTSTART{begins}", *lines))
    return make_calendar(*(f"UID:{number}\n{text}" for number in range(count)))


def make_zone(rule: str, begins: str = "16010101T000000", name: str = "Ours") -> str:
    parts = "".join(
        f"BEGIN:{part}\nDTSTART:{begins}\n{rule}\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0000\nEND:{part}\n"
        for part in ("STANDARD", "DAYLIGHT")
    )
    return f"BEGIN:VTIMEZONE\nTZID:{name}\n{parts}END:VTIMEZONE\n"


def make_package(parent: str, child: str, count: int) -> bytes:
    """A package whose services all share one row of `parent` with `count` rows of `child`."""
    numbers = range(count)
    return make_zip(
        {
            f"{parent}s.csv": "id,name\np,Hall\n",
            f"{child}s.csv": f"id,{parent}_id,name\n" + "".join(f"{n},p,Jo\n" for n in numbers),
            "service_at_locations.csv": "id,service_id,location_id\n"
            + "".join(f"{n},{n},p\n" for n in range(1_000)),
            "services.csv": "id,name,description,organization_id\n"
            + "".join(f"{n},Tea,Tea.,p\n" for n in range(1_000)),
        },
        zipfile.ZIP_STORED,
    )


ACTIVITY = {"id": 1, "type": "Activity", "label": "Digger", "description": "Dig."}
DO_IT = {"_id": "1", "activityDefinitionSubDocument": {"title": "Digger", "description": "Dig."}}
MANY_ROWS = {
    "spreadsheet": make_sheet("a", "b", "c") + b'd,"not closed',
    "Open Referral UK": make_services(3),
    "organisation": json.dumps({"id": "o", "name": "O", "services": [SERVICE] * 3}).encode(),
    "empty objects": b'{"services": [{}, {}, {}]}',
    "data package": make_zip({"services.csv": "id,name,description\n1,a,b\n2,a,b\n3,a,b\n"}),
    "TeamKinetic": json.dumps([ACTIVITY] * 3).encode(),
    "TeamKinetic's numbers": json.dumps([ACTIVITY, 1, 2]).encode(),
    "Do-it": json.dumps([DO_IT] * 3).encode(),
    "calendar": make_events(3),
}


@pytest.mark.parametrize("form", MANY_ROWS)
def test_every_form_has_a_limit_of_rows(form):
    with pytest.raises(SourceTooLargeError, match=r"file has more than 2 rows\..*split it"):
        read_bytes(MANY_ROWS[form], "file", FEW)


def test_a_file_may_be_as_large_as_the_limit():
    content = make_sheet("a", "b")
    assert len(read_bytes(content, "file", replace(FEW, max_bytes=len(content)))) == 2


def test_reading_stops_at_the_limit():
    read: list[int] = []
    with pytest.raises(SourceTooLargeError):
        FEW.collect_rows((read.append(number) for number in itertools.count()), "feed")
    assert len(read) == 3


def test_reading_stops_when_the_time_is_over():
    limits = replace(SOURCE_LIMITS, max_rows=10**9, max_seconds=0.05)
    with pytest.raises(SourceTooLargeError, match="feed takes longer than"):
        limits.collect_rows(itertools.count(), "feed")


def test_a_file_is_not_read_beyond_the_limit(tmp_path):
    path = tmp_path / "endless.csv"
    path.symlink_to("/dev/zero")
    with pytest.raises(SourceTooLargeError, match="larger than 5 megabytes"):
        read_source(str(path), limits=UPLOAD_LIMITS)


TOO_MUCH: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a file of six megabytes": ("larger than 5 megabytes", lambda: b" " * 6_000_000),
    "a zip of a million rows": (
        "more than 100 times its size",
        lambda: make_zip({"services.csv": "id,name\n" + "1,a\n" * 1_000_000}),
    ),
    "a method that unpacks before it can be counted": (
        "compressed in a way that is not read",
        lambda: make_zip({"services.csv": "id\n" + "1\n" * 10_000_000}, zipfile.ZIP_BZIP2),
    ),
    "a zip of many files": (
        "more than 500 files",
        lambda: make_zip({f"{n}.csv": "" for n in range(10_000)}),
    ),
    "a table of many cells": (
        "more than 1,000,000 values",
        lambda: make_package("organization", "phone", 400_000),
    ),
    "an organisation in a thousand services": (
        "more than 1,000,000 values",
        lambda: make_package("organization", "phone", 2_000),
    ),
    "a location in a thousand services": (
        "more than 1,000,000 values",
        lambda: make_package("location", "phone", 2_000),
    ),
    "an organisation around its services": (
        "more than 1,000,000 values",
        lambda: json.dumps(
            {"id": "o", "name": "O", "services": [SERVICE] * 1_000, "contacts": [{}] * 10_000}
        ).encode(),
    ),
    "a long organisation around its services": (
        "more than 1,000,000 values",
        lambda: json.dumps(
            {"id": "o", "name": "O", "url": "a" * 190_000, "services": [SERVICE] * 1_000}
        ).encode(),
    ),
    "objects without end": (
        "more than 1,000,000 values",
        lambda: b'{"services":[' + b"{}," * 1_600_000 + b"{}]}",
    ),
    "one service of many objects": (
        "more than 1,000,000 values",
        lambda: make_services(contacts=[{}] * 1_000_000),
    ),
    "JSON of many levels": (
        "nested deeper than 50 levels",
        lambda: b'[{"type":"Activity","x":' + b"[" * 800 + b"]" * 800 + b"}]",
    ),
    "a number of many digits": ("cannot be read", lambda: b'[{"id":' + b"9" * 5_000_000 + b"}]"),
    "a header of many columns": (
        "more than 20,000 cells",
        lambda: b"name,kind,description" + b"," * 30_000,
    ),
    "a row of many cells": (
        "longer than 1,000,000 letters",
        lambda: HEADER.encode() + b"," * 4_000_000,
    ),
    "an unclosed quotation mark": (
        "longer than|larger than",
        lambda: HEADER.encode() + b'1,Tea,group,"' + b"a\n" * 1_000_000,
    ),
    "a calendar of many lines": (
        "more than 300,000 lines",
        lambda: make_calendar("UID:a\n" + "X:\n" * 1_200_000),
    ),
    "a calendar of many dates": (
        "more than 300,000 lines",
        lambda: make_calendar("EXDATE:" + ",".join(["20260101"] * 500_000)),
    ),
    "a rule of many days": (
        "more than 300,000 lines",
        lambda: make_calendar("RRULE:FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * 2_000_000)),
    ),
    "a property of many parameters": (
        "more than 300,000 lines",
        lambda: make_calendar("X" + ";A=1" * 1_000_000 + ":x"),
    ),
    "many time zones": (
        "more than 100 rules of time zones",
        lambda: make_calendar(
            zone="".join(make_zone("RRULE:FREQ=YEARLY", name=f"Z{n}") for n in range(60))
        ),
    ),
    **{
        f"a time zone with {rule}": (
            "a time zone whose rule does not say one day of the year",
            lambda rule=rule: make_calendar(
                "UID:a\nSUMMARY:Tea\nDTSTART;TZID=Ours:20260101T100000",
                zone=make_zone(rule, "00010101T000000"),
            ),
        )
        for rule in (
            "RRULE:FREQ=SECONDLY",
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=YEARLY;INTERVAL=0",
            "RRULE:FREQ=YEARLY;BYHOUR=" + ",".join(map(str, range(24))),
            "RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12",
            "EXRULE:FREQ=SECONDLY",
            "RRULE:FREQ=YEARLY\nRRULE:FREQ=HOURLY",
        )
    },
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", TOO_MUCH)
def test_too_much_is_refused_with_the_limit(case):
    reason, make_content = TOO_MUCH[case]
    content = make_content()
    started = time.process_time()
    with pytest.raises(SourceError, match=reason) as raised:
        read_bytes(content, "file", UPLOAD_LIMITS)
    assert time.process_time() - started < 10
    assert len(str(raised.value)) < 400


RULES = (
    "FREQ=DAILY;COUNT=1000",
    "FREQ=DAILY;COUNT=1000;INTERVAL=7;BYDAY=MO",
    "FREQ=DAILY;COUNT=1000;INTERVAL=2;BYMONTHDAY=31;BYDAY=MO",
    "FREQ=WEEKLY;COUNT=1000;INTERVAL=52;BYMONTHDAY=1",
    "FREQ=MONTHLY;COUNT=1000;BYMONTHDAY=1;BYDAY=5MO",
    "FREQ=MONTHLY;COUNT=1000;BYDAY=20MO",
    "FREQ=MONTHLY;COUNT=1000;INTERVAL=12;BYMONTHDAY=31",
    "FREQ=YEARLY;COUNT=1000;BYDAY=99MO",
    "FREQ=YEARLY;COUNT=1000;BYMONTHDAY=30;BYDAY=99MO",
)
SLOW_ONCE: dict[str, Callable[[], bytes]] = {
    "nested tags": lambda: make_sheet(*["<div>" * 19_000] * 20),
    "formatting in paragraphs": lambda: make_sheet(
        *["".join(f"<b id={n}><p>" for n in range(6_000))] * 20
    ),
    "attributes": lambda: make_sheet(*["<a " + "".join(f"a{n} " for n in range(12_000))] * 20),
    "escaped tags": lambda: make_sheet(*["&amp;lt;div&amp;gt;" * 5_000] * 20),
    "ampersands": lambda: make_sheet(*["a &" * 30_000] * 20),
    "brackets": lambda: make_sheet(*["<" * 90_000] * 20),
    "comments": lambda: make_sheet(*["<!-- " * 19_000] * 20),
    "scripts": lambda: make_sheet(*["<script>" * 12_000] * 20),
    "lines": lambda: make_sheet(*["\n \t" * 30_000] * 20),
    "faults": lambda: make_services(
        service_at_locations=[
            {"location": {"latitude": 91 + n / 1e5, "longitude": 1}} for n in range(30_000)
        ]
    ),
    "schedules": lambda: make_services(
        schedules=[{"freq": "MONTHLY", "description": str(n)} for n in range(60_000)]
    ),
    "a service at many locations": lambda: json.dumps(
        [{"id": n, "service": SERVICE, "service_at_location": 1} for n in range(20_000)]
    ).encode(),
    "a wide service and many others": lambda: json.dumps(
        [
            SERVICE | {"service_at_locations": []} | {f"x{n}": 1 for n in range(90_000)},
            *[{"id": "s1", "service_at_locations": []}] * 1_900,
        ]
    ).encode(),
    "blank rows": lambda: make_sheet("a") + b",\n" * 1_000_000,
    "nested components": lambda: make_calendar(
        "BEGIN:X\n" * 40_000 + "UID:a\n" + "END:X\n" * 40_000
    ),
    "changes to one event": lambda: make_calendar(
        *[
            f"UID:a\nSUMMARY:Tea\nDTSTART:20260101T100000Z\nRECURRENCE-ID:20260101T{n % 24:02}0000Z"
            for n in range(15_000)
        ]
    ),
    "a time zone until the year 9999": lambda: make_calendar(
        *[f"UID:{n}\nSUMMARY:Tea\nDTSTART;TZID=Ours:99990101T100000" for n in range(2_000)],
        zone="".join(make_zone("RRULE:FREQ=YEARLY", "00010101T000000") for _ in range(40)),
    ),
    **{f"RRULE:{rule}": lambda rule=rule: make_events(500, f"RRULE:{rule}") for rule in RULES},
    "RRULE from a February": lambda: make_events(
        500, "RRULE:FREQ=MONTHLY;COUNT=9;INTERVAL=12;BYMONTHDAY=31", begins=":20260228T100000Z"
    ),
    "a start in the year 1": lambda: make_events(2_000, "RRULE:FREQ=WEEKLY", begins=":00010101"),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("case", SLOW_ONCE)
def test_no_file_at_the_desk_takes_long(case):
    """Each is within the other limits of an upload; the slowest takes a second or two."""
    content = SLOW_ONCE[case]()
    started = time.process_time()
    assert read_bytes(content, "file", replace(UPLOAD_LIMITS, max_seconds=120))
    assert time.process_time() - started < 10
