"""The whole program is told to stop while somebody is using it."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from bot.responses import Responses
from bot.settings import ROOT
from tests.support.service import Service, StartService, Talk, words


@contextlib.contextmanager
def half_sent_message(service: Service) -> Iterator[socket.socket]:
    """A client that sent half of a message. The program waits for the other half."""
    address = urlsplit(service.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as client:
        client.sendall(
            b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n{"message": '
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100"), "the program does not wait"
        yield client


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_unread_bytes(process: psutil.Process) -> bool:
    """Whether something was sent to a server that it has not read, by the kernel's own count."""
    (port,) = (one.laddr.port for one in process.net_connections() if one.status == "LISTEN")
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    columns = [line.split() for line in lines]
    # Columns are: number, local address and port, remote ones, state (01 is established), queues.
    return any(
        column[1].endswith(f":{port:04X}")
        and column[3] == "01"
        and not column[4].endswith(":00000000")
        for column in columns
    )


def refuses_connections(service: Service) -> bool:
    try:
        httpx.get(f"{service.url}/api/health")
    except httpx.TransportError:
        return True
    return False


def test_a_turn_under_way_is_answered_before_rasa_is_stopped(
    start_service: StartService,
) -> None:
    service = start_service(RASA_TIMEOUT="30")
    service.wait_for_rasa()
    rasa = service.rasa
    talk = Talk(service.url)
    with ThreadPoolExecutor(1) as pool:
        rasa.suspend()
        turn = pool.submit(talk.say, "what do you keep about me")
        wait_until(lambda: has_unread_bytes(rasa))
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses_connections(service))
        rasa.resume()
        replies = words(turn.result(30))
    talk.close()
    assert Responses().templates["utter_ask_privacy"]["text"].splitlines()[0] in replies
    assert service.process.wait(30) == 0, service.printed
    assert not rasa.is_running()


def test_half_a_message_does_not_block_the_end(
    start_service: StartService,
) -> None:
    service = start_service()
    service.wait_for_rasa()
    rasa = service.rasa
    with half_sent_message(service):
        assert service.stop() == 0, service.printed
    assert "Traceback" not in service.printed
    assert not rasa.is_running()


def test_a_second_signal_ends_the_program_at_once(start_service: StartService) -> None:
    service = start_service()
    rasa = service.rasa
    with half_sent_message(service):
        service.process.send_signal(signal.SIGINT)
        wait_until(lambda: refuses_connections(service))
        assert service.stop(signal.SIGINT) == -signal.SIGINT, service.printed
    rasa.wait(30)


# Its thread outlasts the time limit, as an import does that hangs.
_STUCK_PROGRAM = """
import asyncio, time
from bot import shutdown

shutdown._MAX_SECONDS = 0.2

async def run():
    stopping = shutdown.handle_stop_signals()
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 120)
    print("ready", flush=True)
    await stopping.wait()

asyncio.run(run())
"""


def test_a_stuck_thread_does_not_keep_the_program_from_stopping() -> None:
    command = [sys.executable, "-c", _STUCK_PROGRAM]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 1
    assert printed.splitlines()[-1] == "Something was still under way and was cut off."
