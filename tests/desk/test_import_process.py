"""The process that imports for the desk: it pays for what it is given, and nobody else does."""

import html
import json
import os
import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from directory.desk.import_process import ImportProcess
from directory.errors import ImportHeldError, ImportStoppedError
from directory.importing.sync import register_feed, sync_feeds
from directory.sources.http_client import StatusError
from tests.support import import_jobs
from tests.support.desk_forms import HEADER, send
from tests.support.desk_server import DeskServer, Person
from tests.support.http_server import Request
from tests.support.open_referral import open_empty

# Enough to import our modules, which take 150 MB, and for nothing large.
_SMALL = 300_000_000


@pytest.fixture
def import_process() -> Iterator[ImportProcess]:
    import_process = ImportProcess(max_bytes=_SMALL, max_seconds=60)
    yield import_process
    import_process.close()


@pytest.mark.parametrize(
    "function", [import_jobs.fill_memory, import_jobs.fill_memory_in_small_pieces]
)
def test_memory_is_limited(import_process, function):
    held_before = psutil.Process().memory_info().rss
    with pytest.raises(ImportStoppedError, match="gigabytes of memory"):
        import_process.run(function)
    assert psutil.Process().memory_info().rss - held_before < _SMALL
    # The next call gets a new process.
    assert import_process.run(len, "abc") == 3


def test_time_is_limited_even_for_a_call_that_never_returns():
    import_process = ImportProcess(max_seconds=1)
    with pytest.raises(ImportStoppedError, match="took longer"):
        import_process.run(import_jobs.run_for_hours)
    assert import_process.run(len, "abc") == 3
    import_process.close()


@pytest.mark.parametrize("function", [import_jobs.crash, import_jobs.return_too_much])
def test_a_process_that_ends_is_replaced(import_process, function):
    with pytest.raises(ImportStoppedError):
        import_process.run(function)
    assert import_process.run(len, "abc") == 3


def test_the_process_gives_way_to_the_chat(import_process):
    priority, first_to_end = import_process.run(import_jobs.read_priority)
    assert priority == min(os.nice(0) + 5, 19)
    assert first_to_end == "1000"


def test_the_process_is_kept_for_the_next_import(import_process):
    first = import_process.run(os.getpid)
    assert first != os.getpid()
    assert import_process.run(os.getpid) == first


def test_the_process_leaves_when_it_is_not_needed():
    import_process = ImportProcess(max_idle_seconds=0.0)
    first = import_process.run(os.getpid)
    process = psutil.Process(first)
    while process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert import_process.run(os.getpid) != first
    import_process.close()


@pytest.mark.parametrize(
    "error",
    [
        ImportHeldError("It would lose 11 listings.", "Use --accept."),
        StatusError("It answered 404.", 404),
    ],
)
def test_errors_for_navigators_arrive_as_they_are(import_process, error):
    with pytest.raises(type(error)) as raised:
        import_process.run(import_jobs.refuse, error)
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)


def test_the_text_of_an_unexpected_error_stays_there(import_process, caplog, capfd):
    with pytest.raises(RuntimeError) as raised:
        import_process.run(import_jobs.fail, "she lives at 77 Hidden Lane")
    assert "An import failed: ValueError" in caplog.text
    assert "Hidden" not in "".join((str(raised.value), caplog.text, *capfd.readouterr()))


def test_closing_ends_an_import_that_is_under_way(import_process, tmp_path):
    has_begun = tmp_path / "begun"
    errors: list[BaseException] = []

    def run() -> None:
        try:
            import_process.run(import_jobs.wait_for_signal, str(has_begun))
        except ImportStoppedError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not has_begun.exists():
        thread.join(0.05)
        assert thread.is_alive()
    import_process.close()
    thread.join(30)
    assert str(errors[0]) == "This service is being stopped."
    with pytest.raises(ImportStoppedError):
        import_process.run(len, "abc")


def test_a_process_without_work_ends_in_order(import_process):
    """Killed, it would leave semaphores behind, and Python would warn of them."""
    import_process.run(len, "abc")
    process, _ = import_process._child
    import_process.close()
    assert process.exitcode == 0


# At the desk


@pytest.fixture
def small_desk(tmp_path, encoder, ledger) -> Iterator[DeskServer]:
    """A desk whose imports have little memory: too little for the encoder."""
    engine = open_empty(tmp_path)
    server = DeskServer(engine, encoder, ledger, import_process=ImportProcess(max_bytes=_SMALL))
    server.start()
    yield server
    server.stop()
    engine.dispose()


@pytest.fixture
def small_navigator(small_desk) -> Iterator[Person]:
    person = small_desk.make_person("Nadia", "navigator")
    yield person
    person.close()


def make_services(count: int, description: str = "Tea and talk.") -> bytes:
    return json.dumps(
        {
            "services": [
                {"id": str(number), "name": f"Tea {number}", "description": description}
                for number in range(count)
            ]
        }
    ).encode()


def test_a_held_feed_that_grew_is_stopped_and_the_desk_answers(
    server, small_desk, small_navigator, encoder
):
    server.answering = lambda request: request.send(make_services(12))
    address = f"{server.url}/feed.json"
    register_feed(small_desk.engine, "teas", address)
    sync_feeds(small_desk.engine, encoder, allow_private=True)
    server.answering = lambda request: request.send(make_services(1))
    sync_feeds(small_desk.engine, encoder, allow_private=True)
    asked: list[str] = []

    def send_a_large_answer(request: Request) -> None:
        asked.append(small_navigator.read("/desk/listings"))
        request.send(make_services(1, "x" * 90_000_000))

    server.answering = send_a_large_answer
    held_before = psutil.Process().memory_info().rss
    response = small_navigator.post(
        "/desk/review/held", page="/desk/review", name="teas", do="take"
    )
    assert response.status_code == 413
    page = html.unescape(response.text)
    assert "The import was stopped" in page
    assert "gigabytes of memory" in page
    # The server of the feed is in this process too, and has held its answer several times.
    assert psutil.Process().memory_info().rss - held_before < 600_000_000
    # The desk answered while the feed was read, and nothing was changed.
    assert asked
    assert "would lose 11 of its 12 listings" in html.unescape(small_navigator.read("/desk/review"))


def test_an_upload_is_read_in_the_other_process(small_navigator, monkeypatch):
    """Whatever reads the file here would be found out."""

    def fail_here(*_: object) -> None:
        raise AssertionError("read in the web process")

    monkeypatch.setattr("directory.desk.import_jobs.read_bytes", fail_here)
    response = send(small_navigator, HEADER + "a,Whist,gruop,Cards.,,\n")
    assert response.status_code == 200, response.text
    assert "1 with errors" in response.text
