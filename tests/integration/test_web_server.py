"""The web server by itself: who may use the chat, how often, and what every answer carries."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from bot.messages import Choices, ListingCard, Message, Option, Reply, Text
from bot.responses import get_line
from bot.web.app import create_app

LIBRARY = "https://library.example"
CARD = ListingCard(
    listing_id=7, name="Chess <b>club</b>", kind="group", organisation="", reasons=("Near you",),
    when="Tuesdays", where="", cost="Free", access="", alert="", notice="", description="",
    website="javascript:alert(1)", phone="01632 960 001", email="",
    options=(Option("Tell me more", "ask_details:listing=#7"),),
    asides=(Option("This one is wrong", "report_listing:listing=#7"),), calendar=True,
)  # fmt: skip
QUESTION = Choices(
    "How often do you feel lonely?",
    (Option("Often", "ci:often"), Option("Never", "ci:never"), Option("Stop", "ci:stop")),
    answers=2,
)


class Echo:
    """Says again what it hears; remembers whom it was told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.heard: list[Message] = []

    async def answer(self, sender: str, message: Message) -> list[Reply]:
        assert re.fullmatch(r"web:[\w-]{32}", sender)
        self.heard.append(message)
        if message.text == "break":
            raise RuntimeError("broken")
        if message.text == "find":
            return [CARD]
        if message.tap == "start_check_in":
            return [QUESTION]
        return [Text(f"heard {message.text or message.tap}")]

    async def forget(self, sender: str) -> None:
        self.forgotten.append(sender)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@contextmanager
def serve(echo: Echo, a_minute: int = 0) -> Iterator[httpx.Client]:
    """The program's own web server on loopback, and a browser of sorts."""
    app = create_app(
        echo,
        origins=[LIBRARY],
        secret=b"of these tests alone",
        rasa_is_up=lambda: False,
        messages_a_minute=a_minute,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", log_config=None))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        with httpx.Client(base_url=address, trust_env=False) as client:
            while not server.started:
                time.sleep(0.01)
            yield client
        server.should_exit = True
        thread.join()


@pytest.fixture
def client(echo: Echo) -> Iterator[httpx.Client]:
    with serve(echo) as client:
        yield client


def read(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def send(client: httpx.Client, page: str, **fields: str) -> str:
    """What a browser does when a button of the page is pressed."""
    hidden = {name: read(page, name) for name in ("conversation", "carried")}
    return client.post("/chat", data={**hidden, **fields}).text


def test_only_the_pages_that_were_named_may_use_the_chat(client: httpx.Client) -> None:
    def ask(origin: str) -> str | None:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return client.options("/api/chat", headers=asked).headers.get("access-control-allow-origin")

    assert ask(LIBRARY) == LIBRARY
    assert ask("https://elsewhere.example") is None


@pytest.mark.parametrize("path", ["/", "/chat", "/widget", "/widget/index.html", "/api/none"])
def test_every_answer_carries_what_keeps_a_browser_careful(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'self'; base-uri 'none'")
    assert "camera=()" in headers["permissions-policy"]
    assert "set-cookie" not in headers


def test_a_script_carries_no_more_than_it_needs(client: httpx.Client) -> None:
    headers = client.get("/widget/chat.js").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["access-control-allow-origin"] == "*"
    assert "content-security-policy" not in headers
    size = sum(len(name) + len(value) + 4 for name, value in headers.raw)
    assert size < 450


def test_what_was_said_stays_in_no_cache(client: httpx.Client) -> None:
    answer = client.post("/api/chat", json={"message": {"text": "hello"}})
    assert answer.headers["cache-control"] == "no-store"
    assert client.post("/chat", data={"text": "hello"}).headers["cache-control"] == "no-store"


def test_ids_are_made_here_and_cannot_be_guessed(client: httpx.Client) -> None:
    made = {
        client.post("/api/chat", json={"message": {"text": "hello"}}).json()["conversation"]
        for _ in range(50)
    }
    assert len(made) == 50
    assert all(re.fullmatch(r"[\w-]{32}", one) for one in made)


def test_who_writes_too_fast_is_told_to_wait(echo: Echo) -> None:
    with serve(echo, a_minute=2) as client:
        for _ in range(2):
            assert client.post("/api/chat", json={"message": {"text": "hello"}}).status_code == 200
        refused = client.post("/api/chat", json={"message": {"text": "hello"}})
        assert refused.status_code == 429
        assert refused.json() == {"error": get_line("web_too_fast")}
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        page = client.post("/chat", data={"text": "hello"})
        assert page.status_code == 429
        assert get_line("web_too_fast") in page.text
        assert ">hello</textarea>" in page.text
        assert len(echo.heard) == 2
        # To be forgotten is everybody's at any time.
        assert client.delete(f"/api/chat/{'x' * 32}").status_code == 204


def test_a_page_being_left_forgets_without_asking_first(client: httpx.Client, echo: Echo) -> None:
    talk = "x" * 32
    # No preflight: no body and no header of its own, as the last word of a page must be.
    answer = client.post(f"/api/chat/{talk}/forget", headers={"Origin": LIBRARY})
    assert answer.status_code == 204
    assert echo.forgotten == [f"web:{talk}"]
    assert client.post("/api/chat/short/forget").status_code == 422


def test_plain_pages_carry_the_talk_along(client: httpx.Client, echo: Echo) -> None:
    page = client.get("/chat").text
    assert echo.heard == []  # a link may be followed by a machine
    page = send(client, page, text="good morning\r\nall", step="text")
    assert echo.heard == [Message(text="good morning\nall")]
    talk = read(page, "conversation")
    page = send(client, page, text="find", step="text")
    assert read(page, "conversation") == talk
    assert "heard good morning" in page
    assert page.index("Chess") < page.index("heard good morning")
    assert "<b>club" not in page
    assert "javascript:" not in page
    assert "/listings/7.ics" in page
    page = send(client, page, tap="report_listing:listing=#7")
    assert echo.heard[-1] == Message(tap="report_listing:listing=#7")
    assert "This one is wrong</p>" in page


def test_what_is_carried_cannot_be_made_up(client: httpx.Client) -> None:
    page = client.get("/chat").text
    forged = read(page, "carried")[:-4] + "AAAA"
    answer = client.post("/chat", data={"carried": forged, "text": "hello"})
    assert answer.status_code == 200
    assert "heard hello" in answer.text
    assert "Earlier messages" in answer.text  # our own greeting, in place of theirs


def test_a_check_in_is_carried_nowhere(client: httpx.Client, echo: Echo) -> None:
    page = send(client, client.get("/chat").text, tap="start_check_in")
    assert page.count('type="radio"') == 2
    before = read(page, "carried")
    page = send(client, page, step="answer")
    assert get_line("web_pick") in page
    page = send(client, page, step="answer", answer="ci:often")
    assert echo.heard[-1] == Message(tap="ci:often")
    assert "feel lonely" not in page
    assert read(page, "carried") != before
    assert "How often" not in page


def test_a_text_too_long_is_given_back(client: httpx.Client, echo: Echo) -> None:
    page = client.post("/chat", data={"text": "a" * 1001, "step": "text"})
    assert page.status_code == 413
    assert "1000 characters" in page.text
    assert "a" * 1001 in page.text
    assert echo.heard == []


def test_a_fault_is_told_in_plain_words(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    page = client.post("/chat", data={"text": "break", "step": "text"})
    assert page.status_code == 500
    assert get_line("web_wrong") in page.text
    assert ">break</textarea>" in page.text
    assert "RuntimeError" in caplog.text
    assert "broken" not in caplog.text


def test_a_long_talk_lets_go_of_its_beginning(client: httpx.Client) -> None:
    page = client.get("/chat").text
    for number in range(60):
        # Words that cannot be made shorter.
        text = "".join(chr(0x4E00 + (number * 997 + place * 7919) % 20000) for place in range(900))
        page = send(client, page, text=f"{number} {text}", step="text")
    assert len(read(page, "carried")) <= 32_000
    assert "heard 59" in page
    assert "heard 58" in page
    assert "heard 0 " not in page


def test_leaving_goes_first_and_forgets_then(client: httpx.Client, echo: Echo) -> None:
    page = send(client, client.get("/chat").text, text="hello", step="text")
    talk = read(page, "conversation")
    left = client.post("/chat/leave", data={"conversation": talk}, follow_redirects=False)
    assert left.status_code == 303
    assert left.headers["location"].startswith("https://www.bbc.co.uk/")
    assert "https://www.bbc.co.uk" in left.headers["content-security-policy"]
    limit = time.monotonic() + 5
    while not echo.forgotten and time.monotonic() < limit:
        time.sleep(0.01)
    assert echo.forgotten == [f"web:{talk}"]


@pytest.mark.parametrize("talk", ["", "no id of ours"])
def test_nobody_is_kept_from_leaving(client: httpx.Client, talk: str) -> None:
    left = client.post("/chat/leave", data={"conversation": talk}, follow_redirects=False)
    assert left.status_code == 303


def test_behind_a_proxy_each_client_is_counted_by_itself(echo: Echo) -> None:
    def say(client: httpx.Client, address: str) -> int:
        headers = {"X-Forwarded-For": address}
        body = {"message": {"text": "hello"}}
        return client.post("/api/chat", json=body, headers=headers).status_code

    with serve(echo, a_minute=1) as client:
        assert [say(client, f"198.51.100.{last}") for last in (1, 2, 1)] == [200, 200, 429]
