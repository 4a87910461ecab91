"""Whatever is sent to the chat is answered or refused, and never breaks the running program.

Every request goes to the whole program with its real Rasa. `make fuzz` sends other ones each time.
"""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages import MAX_MESSAGE_LENGTH
from tests.support.service import Service

BOUNDED = settings(max_examples=40, suppress_health_check=list(HealthCheck))
TAPS = [
    "greet", "show_more", "deny", "affirm", "forget_me", "start_check_in", "ask_details:listing=#1",
    "refine_search:cost=free", "set_area:area=Old Town", "find_group:interest=chess", "ci:",
]  # fmt: skip
# Characters that break naive code: controls, direction marks, joined emoji, half of a pair.
HOSTILE_LETTERS = "\x00\x1b\u202e\u200d\ufeff\ufdfa🏳️‍🌈é'\"\\/{}[]<>%$;:=#&\n\t "
texts = st.text() | st.text(HOSTILE_LETTERS, max_size=MAX_MESSAGE_LENGTH)
taps = st.sampled_from(TAPS).flatmap(
    lambda tap: st.builds(lambda end: tap + end, st.text(max_size=30)) | st.just(tap)
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def client(service: Service) -> Any:
    with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as client:
        yield client


@BOUNDED
@given(text=texts)
def test_every_text_is_answered(client: httpx.Client, text: str) -> None:
    response = client.post("/api/chat", json={"message": {"text": text}})
    assert response.status_code == 200, response.text
    assert response.json()["replies"]


@BOUNDED
@given(tap=taps)
def test_every_tap_is_answered(client: httpx.Client, tap: str) -> None:
    response = client.post("/api/chat", json={"message": {"tap": tap}})
    assert response.status_code == 200, response.text
    assert response.json()["replies"]


@BOUNDED
@given(body=values | st.fixed_dictionaries({"conversation": values, "message": values}))
def test_a_body_of_any_shape_is_refused_in_words(client: httpx.Client, body: Any) -> None:
    response = client.post("/api/chat", json=body)
    assert response.status_code in {200, 413, 422}
    assert response.json()


@BOUNDED
@given(body=st.binary(max_size=2_000), media_type=st.sampled_from(["application/json", "x/y", ""]))
def test_bytes_of_any_kind_are_refused(client: httpx.Client, body: bytes, media_type: str) -> None:
    response = client.post("/api/chat", content=body, headers={"Content-Type": media_type})
    assert 400 <= response.status_code < 500


@BOUNDED
@given(
    fields=st.dictionaries(
        st.sampled_from(["conversation", "carried", "text", "tap", "answer", "other"]),
        texts | taps,
        max_size=6,
    )
)
def test_a_plain_form_of_any_content_is_a_page(
    client: httpx.Client, fields: dict[str, str]
) -> None:
    response = client.post("/chat", data=fields)
    assert response.status_code < 500
    assert "<html" in response.text


def test_the_program_still_answers(client: httpx.Client) -> None:
    assert client.get("/api/health").json()["web"] == "up"
    replies = client.post("/api/chat", json={"message": {"text": "is there a choir"}}).json()
    assert any(reply["type"] == "listing" for reply in replies["replies"])
