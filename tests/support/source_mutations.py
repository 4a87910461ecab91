"""Hypothesis strategies that damage the bytes or the structure of a source's files."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.support.source_files import CALENDAR, JSON_SOURCES, SHEET, TABLES, write_zip

Json = Any

# Words that mean something to a reader, and values that are none.
_TOKENS = [
    *(token.encode() for token in '{ } [ ] " , : ; = - + . 0 9 e \\ \\u0000 null true NaN'.split()),
    *(token.encode() for token in "< > <b> <!-- <script> &amp; &#0; &#x110000; = @ '".split()),
    *(b"\n", b"\r\n", b"\n ", b"\t", b"\0", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"PK\x01\x02"),
    *(
        b"BEGIN:VEVENT\n",
        b"END:VEVENT\n",
        b"BEGIN:VTIMEZONE\n",
        b"RRULE:FREQ=SECONDLY\n",
        b"00010101",
    ),
    *("\u0661".encode(), "\U0001f475\U0001f3fd".encode(), b"9" * 400, b"99991231T235959Z"),
]
_SPREAD = 611_953
_EDITS = st.tuples(
    st.sampled_from(("cut", "drop", "repeat", "insert", "flip", "move")),
    st.integers(0, 999_999),
    st.integers(1, 60),
    st.sampled_from(_TOKENS) | st.binary(max_size=6),
)


def edit_bytes(content: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    for kind, where, length, token in edits:
        # Hypothesis prefers small numbers, and every place is as good as another.
        start = where * _SPREAD % (len(content) + 1)
        part, rest = content[start : start + length], content[start + length :]
        content = {
            "cut": content[:start],
            "drop": content[:start] + rest,
            "repeat": content[:start] + part * 20 + rest,
            "insert": content[:start] + token + content[start:],
            "flip": content[:start]
            + bytes(byte ^ length for byte in part[:2])
            + content[start + 2 :],
            "move": part + content[:start] + rest,
        }[kind]
    return content


def damaged_bytes(files: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(edit_bytes, st.sampled_from(files), st.lists(_EDITS, min_size=1, max_size=6))


_TEXTS = st.sampled_from(
    [
        *(
            "",
            " ",
            "\0",
            "\ud800",
            "-1",
            "0",
            "1e999",
            "NaN",
            "x" * 300,
            "9" * 500,
            "\u0663",
            "1,1,1",
        ),
        *("0001-01-01", "9999-12-31", "2026-02-30", "2026-10-01T99:00", "25:61", "12:00am", "0pm"),
        *("http://[", "https://a:b@c", "//x", "a@b", "<b><!--", "&#99999999999999;", "yes", "TBC"),
        *("WEEKLY", "MONTHLY", "SECONDLY", "99MO,-99SU", "31,32,-1", "MO", "physical", "postal"),
    ]
)
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -1, 0, 1e308, float("inf"), float("nan"), -0.0])
    | _TEXTS
    | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("id name location label $oid $date services service contents".split()),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)
_STEPS = st.tuples(
    st.sampled_from(("replace", "replace", "remove", "repeat", "wrap", "nest", "swap")),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    JSON_VALUES,
)


def edit_json(content: Json, steps: list[tuple[str, int, int, Json]]) -> Json:
    root = [json.loads(json.dumps(content))]
    for kind, number, other, value in steps:
        places = list(_list_places(root))
        parent, key = places[number % len(places)]
        match kind:
            case "replace":
                parent[key] = value
            case "remove" if isinstance(parent, dict):
                del parent[key]
            case "repeat" if isinstance(parent, list):
                parent[key:key] = [parent[key]] * 5
            case "wrap":
                parent[key] = [parent[key]]
            case "nest":
                for _ in range(other % 70):
                    parent[key] = {"x": parent[key]}
            case "swap":
                other_parent, other_key = places[other % len(places)]
                if not isinstance(other_parent[other_key], dict | list):
                    parent[key] = other_parent[other_key]
    return root[0]


def _list_places(holder: Json) -> Iterator[tuple[Json, Json]]:
    """Each container in `holder`, itself included, with each of its keys."""
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        yield holder, key
        if isinstance(holder[key], dict | list):
            yield from _list_places(holder[key])


def _write_json(content: Json) -> bytes:
    return json.dumps(content).encode()


DAMAGED_JSON = st.builds(
    edit_json, st.sampled_from(JSON_SOURCES), st.lists(_STEPS, min_size=1, max_size=4)
).map(_write_json)

_RULES = st.builds(
    "RRULE:FREQ={};{}".format,
    st.sampled_from("SECONDLY HOURLY DAILY WEEKLY MONTHLY YEARLY".split()),
    st.lists(
        st.sampled_from(
            "INTERVAL=7 INTERVAL=0 INTERVAL=-1 INTERVAL=99999999999 COUNT=1 COUNT=1000 COUNT=-1 "
            "COUNT=999999999 UNTIL=20270101 UNTIL=99991231T235959Z UNTIL=00010101 BYDAY=MO "
            "BYDAY=1MO,-1FR BYDAY=99SU BYDAY=5MO BYMONTHDAY=31 BYMONTHDAY=-31,1 BYMONTHDAY=99 "
            "BYMONTH=2 BYSETPOS=-1 BYSETPOS=366 BYHOUR=1,2,3 WKST=SU X=Y".split()
        ),
        max_size=4,
        unique_by=lambda part: part.partition("=")[0],
    ).map(";".join),
)
_CALENDAR_LINES = (
    _RULES
    | st.builds(
        "{}:{}".format,
        st.sampled_from(
            "DTSTART DTEND DURATION EXDATE RDATE RECURRENCE-ID GEO UID SUMMARY CLASS STATUS URL "
            "CATEGORIES ORGANIZER LOCATION TZID TZOFFSETFROM TZOFFSETTO EXRULE DTSTART;TZID=Ours "
            "DTSTART;TZID=No/Where DTSTART;VALUE=PERIOD RDATE;VALUE=PERIOD EXDATE;TZID=Ours".split()
        ),
        st.sampled_from(
            "20261005 20261005T100000 20261005T100000Z 00010101T000000 99991231T235959Z 20260230 "
            "PT1H -P9999999999D P1W 20261005T100000Z/PT1H 400;400 1;2;3 PRIVATE CONFIDENTIAL -9999 "
            '+2359 mailto:x , ; \\\\ \\n : "'.split()
        )
        | _TEXTS,
    )
    | st.sampled_from(
        "BEGIN:VEVENT END:VEVENT BEGIN:VALARM END:VALARM BEGIN:VTIMEZONE END:VTIMEZONE "
        "BEGIN:STANDARD END:STANDARD BEGIN:DAYLIGHT BEGIN:VCALENDAR END:VCALENDAR BEGIN: : "
        "END:".split()
    )
)
_LINE_KINDS = st.sampled_from(("replace", "insert", "remove", "repeat", "swap"))
_PLACES = st.integers(0, 10_000)


def edit_lines(lines: list[Any], steps: list[tuple[str, int, int, Any]]) -> list[Any]:
    lines = list(lines)
    for kind, number, other, line in steps:
        if not lines:
            break
        place = number % len(lines)
        match kind:
            case "replace":
                lines[place] = line
            case "insert":
                lines.insert(place, line)
            case "remove":
                del lines[place]
            case "repeat":
                lines[place:place] = [lines[place]] * 5
            case "swap":
                lines[place], lines[other % len(lines)] = lines[other % len(lines)], lines[place]
    return lines


DAMAGED_CALENDARS = st.builds(
    edit_lines,
    st.just(CALENDAR.splitlines()),
    st.lists(
        st.tuples(_LINE_KINDS, _PLACES, _PLACES, _CALENDAR_LINES),
        min_size=1,
        max_size=6,
    ),
).map(lambda lines: "\n".join(lines).encode("utf-8", "ignore"))


def _write_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "ignore")


def _edit_cells(rows: list[list[str]], steps: list[tuple[int, int, str]]) -> list[list[str]]:
    rows = [list(row) for row in rows]
    for number, other, text in steps:
        # Seldom the header, without which nothing else is read.
        row = rows[1 + number % (len(rows) - 1)] if number % 10 else rows[0]
        if row:
            row[other % len(row)] = text
    return rows


_SHEET_ROWS = list(csv.reader(io.StringIO(SHEET)))
_CELLS = _TEXTS | st.sampled_from(["weekdays", "every other Tue", "Tue/Thu", "yes", "£3", "group"])
DAMAGED_SHEETS = st.builds(
    _edit_cells,
    st.just(_SHEET_ROWS),
    st.lists(st.tuples(_PLACES, _PLACES, _CELLS), min_size=1, max_size=12),
).map(_write_csv)

DAMAGED_PACKAGES = st.dictionaries(
    st.sampled_from(sorted(TABLES)),
    damaged_bytes([text.encode() for text in TABLES.values()]),
    max_size=3,
).map(lambda damaged: write_zip({**TABLES, **damaged}))
