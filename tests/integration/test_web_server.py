"""The web server alone: allowed origins, rate limits, headers, and the plain pages."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from bot.health import Health
from bot.messages import Choices, ListingCard, Message, Option, Reply, SendEarly, Text
from bot.responses import get_line
from bot.web.app import create_app
from bot.web.chat_api import TOO_LONG

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
    open_checkin="ci:open",
)


class Echo:
    """A conversation that repeats each message and notes the senders to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.received: list[Message] = []
        self.senders: list[str] = []
        self.clients: list[str | None] = []
        self.may_finish = threading.Event()

    async def answer(
        self,
        sender: str,
        message: Message,
        *,
        client: str | None = None,
        send_early: SendEarly | None = None,
    ) -> list[Reply]:
        assert re.fullmatch(r"web:[\w-]{32}", sender)
        self.received.append(message)
        self.senders.append(sender)
        self.clients.append(client)
        if message.text == "break":
            raise RuntimeError("broken")
        if message.text == "find":
            return [CARD]
        if message.text == "wait":
            await send_early([Text("One moment, please.")])
            await asyncio.to_thread(self.may_finish.wait, 10)
        if message.tap in ("start_check_in", QUESTION.open_checkin):
            return [QUESTION]
        if message.text == "meanwhile":
            return [Text("heard meanwhile"), QUESTION]
        return [Text(f"heard {message.text or message.tap}")]

    async def forget(self, sender: str) -> None:
        self.forgotten.append(sender)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@contextmanager
def serve(echo: Echo, messages_a_minute: int = 0) -> Iterator[httpx.Client]:
    """The program's web server on loopback, and a client for it."""
    app = create_app(
        echo,
        origins=[LIBRARY],
        secret=b"only for these tests",
        health=Health(str, {}),
        messages_a_minute=messages_a_minute,
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


def read_field(page: str, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert match, name
    return match[1]


def submit(client: httpx.Client, page: str, **fields: str) -> str:
    """Submit the form of the page, as a browser does."""
    names = ["conversation", "carried"]
    if 'name="open_checkin"' in page:
        names.append("open_checkin")
    hidden = {name: read_field(page, name) for name in names}
    return client.post("/chat", data={**hidden, **fields}).text


def test_a_conversation_is_told_the_household_of_each_message(
    client: httpx.Client, echo: Echo
) -> None:
    """Each new conversation has a new sender, but the limits of one household hold for all."""
    for _ in range(2):
        client.post("/api/chat", json={"message": {"text": "hello"}})
    submit(client, client.get("/chat").text, text="hello")
    assert len(set(echo.senders)) == 3
    assert echo.clients == ["web:127.0.0.1"] * 3


def test_only_allowed_origins_may_use_the_chat(client: httpx.Client) -> None:
    def get_allowed_origin(origin: str) -> str | None:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = client.options("/api/chat", headers=headers)
        return response.headers.get("access-control-allow-origin")

    assert get_allowed_origin(LIBRARY) == LIBRARY
    assert get_allowed_origin("https://elsewhere.example") is None


@pytest.mark.parametrize(
    "path", ["/", "/chat", "/widget", "/widget/index.html", "/api/none", "/a%0Ab"]
)
def test_every_page_has_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    # Under "no-referrer" a browser sends no origin with a form, and the plain pages need it.
    assert headers["referrer-policy"] == ("same-origin" if path == "/chat" else "no-referrer")
    assert headers["content-security-policy"].startswith("default-src 'self'; base-uri 'none'")
    assert "camera=()" in headers["permissions-policy"]
    assert "set-cookie" not in headers


def test_the_host_header_shapes_no_redirect(client: httpx.Client) -> None:
    for path in ("/chat/", "/api/health/"):
        response = client.get(path, headers={"Host": "attacker.example"})
        assert (response.status_code, response.headers["location"]) == (307, path[:-1])


def test_a_script_has_few_headers(client: httpx.Client) -> None:
    headers = client.get("/widget/chat.js").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["access-control-allow-origin"] == "*"
    assert "content-security-policy" not in headers
    size = sum(len(name) + len(value) + 4 for name, value in headers.raw)
    assert size < 450


def test_no_reply_is_cached(client: httpx.Client) -> None:
    response = client.post("/api/chat", json={"message": {"text": "hello"}})
    assert response.headers["cache-control"] == "no-store"
    assert client.post("/chat", data={"text": "hello"}).headers["cache-control"] == "no-store"


def read_event(lines: Iterator[str]) -> tuple[str, Any]:
    """The next server-sent event: its name and its content."""
    name, data = next(lines), next(lines)
    assert next(lines) == ""
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_what_comes_before_the_answer_is_streamed_at_once(client: httpx.Client, echo: Echo) -> None:
    body = {"conversation": "x" * 32, "message": {"text": "wait"}}
    headers = {"Accept-Encoding": "gzip", "Origin": LIBRARY}
    with client.stream("POST", "/api/chat/stream", json=body, headers=headers) as response:
        lines = response.iter_lines()
        name, content = read_event(lines)
        assert name == "early"
        assert [reply["text"] for reply in content["replies"]] == ["One moment, please."]
        assert content["conversation"] == "x" * 32
        echo.may_finish.set()
        name, content = read_event(lines)
        assert name == "answer"
        assert [reply["text"] for reply in content["replies"]] == ["heard wait"]
        assert next(lines, None) is None
    assert "no-store" in response.headers["cache-control"]
    assert response.headers["access-control-allow-origin"] == LIBRARY


def test_a_stream_ends_with_a_sentence_if_the_conversation_fails(client: httpx.Client) -> None:
    body = {"conversation": None, "message": {"text": "break"}}
    with client.stream("POST", "/api/chat/stream", json=body) as response:
        assert read_event(response.iter_lines()) == ("error", {"error": get_line("web_wrong")})


def test_a_stream_is_refused_before_it_begins(client: httpx.Client, echo: Echo) -> None:
    for body, status in (({"message": {"text": "a" * 1001}}, 413), ({"message": {}}, 422)):
        response = client.post("/api/chat/stream", json=body)
        assert response.status_code == status
        assert response.json()["error"]
    assert echo.received == []


def test_a_household_is_one_client_and_its_talks_are_several(
    client: httpx.Client, echo: Echo
) -> None:
    """Addresses come from a trusted proxy here; in IPv6 a household has a whole /64."""
    for address in ("2001:db8::1", "2001:db8::2", "203.0.113.9"):
        headers = {"X-Forwarded-For": address}
        client.post("/api/chat", json={"message": {"text": "hello"}}, headers=headers)
        client.post("/chat", data={"text": "hello"}, headers=headers)
    assert echo.clients == ["web:2001:db8::/64"] * 4 + ["web:203.0.113.9"] * 2


def test_conversation_ids_are_unique_and_long(client: httpx.Client) -> None:
    ids = {
        client.post("/api/chat", json={"message": {"text": "hello"}}).json()["conversation"]
        for _ in range(50)
    }
    assert len(ids) == 50
    assert all(re.fullmatch(r"[\w-]{32}", id_) for id_ in ids)


def test_too_many_messages_are_refused(echo: Echo) -> None:
    with serve(echo, messages_a_minute=2) as client:
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
        assert len(echo.received) == 2
        # Forgetting is never refused.
        assert client.delete(f"/api/chat/{'x' * 32}").status_code == 204


def test_closing_a_page_forgets_the_conversation_without_a_preflight(
    client: httpx.Client, echo: Echo
) -> None:
    conversation = "x" * 32
    # No body and no header of its own, so that a closing page needs no preflight.
    response = client.post(f"/api/chat/{conversation}/forget", headers={"Origin": LIBRARY})
    assert response.status_code == 204
    assert echo.forgotten == [f"web:{conversation}"]
    assert client.post("/api/chat/short/forget").status_code == 422


def test_plain_pages_carry_the_conversation(client: httpx.Client, echo: Echo) -> None:
    page = client.get("/chat").text
    assert echo.received == []  # a program may follow a link
    page = submit(client, page, text="good morning\r\nall", step="text")
    assert echo.received == [Message(text="good morning\nall")]
    page = submit(client, page, text="find", step="text")
    assert len(set(echo.senders)) == 1
    assert "heard good morning" in page
    assert page.index("Chess") < page.index("heard good morning")
    assert "<b>club" not in page
    assert "javascript:" not in page
    assert "/listings/7.ics" in page
    page = submit(client, page, tap="report_listing:listing=#7")
    assert echo.received[-1] == Message(tap="report_listing:listing=#7")
    assert "This one is wrong</p>" in page


def test_a_forged_conversation_is_ignored(client: httpx.Client) -> None:
    page = client.get("/chat").text
    forged = read_field(page, "carried")[:-4] + "AAAA"
    response = client.post("/chat", data={"carried": forged, "text": "hello"})
    assert response.status_code == 200
    assert "heard hello" in response.text
    assert "Earlier messages" in response.text  # our own greeting replaces the forged text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},  # what a page in a sandbox sends
    ],
)
def test_a_page_of_another_site_cannot_choose_the_conversation(
    client: httpx.Client, echo: Echo, headers: dict[str, str]
) -> None:
    page = submit(client, client.get("/chat").text, text="the attacker's words", step="text")
    fields = {name: read_field(page, name) for name in ("conversation", "carried")}
    response = client.post("/chat", data={**fields, "text": "a secret"}, headers=headers)
    # Whoever was led here is answered, but in a conversation that the attacker does not know.
    assert "heard a secret" in response.text
    assert "attacker" not in response.text
    theirs, ours = echo.senders
    assert theirs != ours
    submit(client, response.text, text="and more", step="text")
    assert echo.senders[-1] == ours


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://{host}"}, {}]
)
def test_a_form_of_ours_continues_its_conversation(
    client: httpx.Client, echo: Echo, headers: dict[str, str]
) -> None:
    page = submit(client, client.get("/chat").text, text="hello", step="text")
    host = client.base_url.netloc.decode()
    client.headers = {name: value.format(host=host) for name, value in headers.items()}
    submit(client, page, text="and more", step="text")
    assert len(set(echo.senders)) == 1


def test_a_conversation_that_was_not_made_here_is_ignored(client: httpx.Client, echo: Echo) -> None:
    for made_up in ("x" * 32, f"{'x' * 32}.c2lnbmF0dXJl", "not an id"):
        assert client.post("/chat", data={"conversation": made_up, "text": "hello"}).is_success
    assert len(set(echo.senders)) == 3
    assert f"web:{'x' * 32}" not in echo.senders


def test_a_check_in_is_never_carried(client: httpx.Client, echo: Echo) -> None:
    page = submit(client, client.get("/chat").text, tap="start_check_in")
    assert page.count('type="radio"') == 2
    before = read_field(page, "carried")
    page = submit(client, page, step="answer")
    assert get_line("web_pick") in page
    page = submit(client, page, step="answer", answer="ci:often")
    assert echo.received[-1] == Message(tap="ci:often", open_checkin="ci:open")
    assert "feel lonely" not in page
    assert read_field(page, "carried") != before
    assert "How often" not in page


def test_the_open_question_of_a_check_in_stays_on_the_page(
    client: httpx.Client, echo: Echo
) -> None:
    page = submit(client, client.get("/chat").text, tap="start_check_in")
    for fields in (
        {"text": "meanwhile", "step": "text"},
        {"text": "", "step": "text"},
        {"text": "a" * 1001, "step": "text"},
        {"step": "answer"},
        {"text": "break", "step": "text"},
    ):
        page = submit(client, page, **fields)
        assert page.count('type="radio"') == 2, fields
        assert page.count("How often do you feel lonely?") == 1, fields
    assert "heard meanwhile" in page
    page = submit(client, page, text="hello", step="text")
    assert echo.received[-1] == Message(text="hello", open_checkin="ci:open")
    assert "open_checkin" not in page


def test_only_a_check_in_is_shown_again_with_an_error(client: httpx.Client, echo: Echo) -> None:
    client.post("/chat", data={"text": "", "step": "text", "open_checkin": "start_check_in"})
    assert echo.received == []


def test_a_page_of_another_site_cannot_choose_the_open_question(
    client: httpx.Client, echo: Echo
) -> None:
    fields = {"text": "hello", "open_checkin": "ci:open"}
    client.post("/chat", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert echo.received == [Message(text="hello")]


def test_the_api_passes_on_the_open_question(client: httpx.Client, echo: Echo) -> None:
    body = {"message": {"text": "meanwhile"}, "open_checkin": "ci:open"}
    _, again = client.post("/api/chat", json=body).json()["replies"]
    assert again["open_checkin"] == "ci:open"
    assert echo.received == [Message(text="meanwhile", open_checkin="ci:open")]
    body["open_checkin"] = "a" * 257
    assert client.post("/api/chat", json=body).status_code == 422


def test_a_long_text_is_refused_and_kept_in_the_form(client: httpx.Client, echo: Echo) -> None:
    page = client.post("/chat", data={"text": "a" * 1001, "step": "text"})
    assert page.status_code == 413
    assert "1000 characters" in page.text
    assert "a" * 1001 in page.text
    assert echo.received == []


def test_an_error_is_reported_in_plain_words(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    page = client.post("/chat", data={"text": "break", "step": "text"})
    assert page.status_code == 500
    assert get_line("web_wrong") in page.text
    assert ">break</textarea>" in page.text
    assert "RuntimeError" in caplog.text
    assert "broken" not in caplog.text


def test_an_error_of_the_chat_is_one_sentence_that_other_sites_can_read(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"message": {"text": "break"}}
    response = client.post("/api/chat", json=body, headers={"Origin": LIBRARY})
    assert response.status_code == 500
    assert response.json() == {"error": get_line("web_wrong")}
    assert response.headers["access-control-allow-origin"] == LIBRARY
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    assert "RuntimeError" in caplog.text
    assert "broken" not in caplog.text
    missing = client.get("/api/nothing")
    assert missing.status_code == 404
    assert missing.json() == {"error": "There is nothing at this address."}


@pytest.mark.parametrize(("path", "largest"), [("/api/chat", 16_384), ("/chat", 65_536)])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_above_the_limit_is_refused(
    client: httpx.Client, echo: Echo, path: str, largest: int, is_chunked: bool
) -> None:
    body = b"text=" + b"a" * largest
    content = iter([body[:1000], body[1000:]]) if is_chunked else body
    kind = "json" if path == "/api/chat" else "x-www-form-urlencoded"
    headers = {"Content-Type": f"application/{kind}"}
    with client.stream("POST", path, content=content, headers=headers) as response:
        assert response.status_code == 413
        assert TOO_LONG in response.read().decode()
    assert echo.received == []


def test_a_long_conversation_loses_its_beginning(client: httpx.Client) -> None:
    page = client.get("/chat").text
    for number in range(60):
        # Text that cannot be compressed.
        text = "".join(chr(0x4E00 + (number * 997 + index * 7919) % 20000) for index in range(900))
        page = submit(client, page, text=f"{number} {text}", step="text")
    assert len(read_field(page, "carried")) <= 32_000
    assert "heard 59" in page
    assert "heard 58" in page
    assert "heard 0 " not in page


def test_leaving_redirects_first_and_forgets_afterwards(client: httpx.Client, echo: Echo) -> None:
    page = submit(client, client.get("/chat").text, text="hello", step="text")
    conversation = read_field(page, "conversation")
    response = client.post(
        "/chat/leave", data={"conversation": conversation}, follow_redirects=False
    )
    assert response.status_code == 303
    assert response.headers["location"].startswith("https://www.bbc.co.uk/")
    assert "https://www.bbc.co.uk" in response.headers["content-security-policy"]
    limit = time.monotonic() + 5
    while not echo.forgotten and time.monotonic() < limit:
        time.sleep(0.01)
    assert echo.forgotten == echo.senders


@pytest.mark.parametrize("conversation", ["", "not an id"])
def test_leaving_works_with_any_conversation_id(client: httpx.Client, conversation: str) -> None:
    response = client.post(
        "/chat/leave", data={"conversation": conversation}, follow_redirects=False
    )
    assert response.status_code == 303


def test_behind_a_proxy_each_client_has_its_own_limit(echo: Echo) -> None:
    def send(client: httpx.Client, address: str) -> int:
        headers = {"X-Forwarded-For": address}
        body = {"message": {"text": "hello"}}
        return client.post("/api/chat", json=body, headers=headers).status_code

    with serve(echo, messages_a_minute=1) as client:
        assert [send(client, f"198.51.100.{last}") for last in (1, 2, 1)] == [200, 200, 429]
