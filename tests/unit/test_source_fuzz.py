"""Damaged files of every form: a reader returns rows or says what is wrong, within bounds.

`make fuzz` tries new ones.
"""

import json
import resource
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.errors import SourceError
from directory.importing.quarantine import sort_rows
from directory.listing import Listing, dump_listing, load_listing
from directory.rejected import RejectedRow
from directory.sources.detect import read_bytes
from directory.sources.limits import UPLOAD_LIMITS
from tests.support import source_mutations
from tests.support.source_files import FILES, read_real_files

# Each file is a few kilobytes, and takes a few milliseconds and megabytes.
_MAX_SECONDS = 5.0
_MAX_KILOBYTES = 300_000
_MAX_MESSAGE_LENGTH = 600


def read(content: bytes) -> tuple[str, list[Listing | RejectedRow]]:
    try:
        return "", read_bytes(content, "file", UPLOAD_LIMITS)
    except SourceError as error:
        return str(error), []


def check(content: bytes) -> None:
    started = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message, rows = read(content)
    assert len(message) < _MAX_MESSAGE_LENGTH
    assert "\n" not in message
    for row in rows:
        assert isinstance(row, Listing | RejectedRow)
        if isinstance(row, Listing):
            assert load_listing(json.loads(json.dumps(dump_listing(row)))) == row
        else:
            assert row.reason
            json.dumps(row.content)
    sort_rows(rows)
    assert time.process_time() - started < _MAX_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < _MAX_KILOBYTES


@pytest.mark.parametrize("content", FILES)
def test_the_files_themselves_are_read(content: bytes):
    rows = read_bytes(content, "file", UPLOAD_LIMITS)
    assert rows
    assert all(isinstance(row, Listing) for row in rows), rows


@given(source_mutations.damaged_bytes(FILES))
def test_damaged_bytes(content: bytes):
    check(content)


@given(source_mutations.DAMAGED_JSON)
def test_damaged_json(content: bytes):
    check(content)


@given(source_mutations.DAMAGED_CALENDARS)
def test_damaged_calendars(content: bytes):
    check(content)


@given(source_mutations.DAMAGED_SHEETS)
def test_damaged_sheets(content: bytes):
    check(content)


@given(source_mutations.DAMAGED_PACKAGES)
def test_damaged_packages(content: bytes):
    check(content)


@settings(suppress_health_check=[HealthCheck.large_base_example, HealthCheck.data_too_large])
@given(st.data())
def test_damaged_real_feeds(data: st.DataObject):
    files = read_real_files()
    if not files:
        pytest.skip("the real feeds are not there; set CONNECTOR_SHARED_DATA")
    check(data.draw(source_mutations.damaged_bytes(files)))
