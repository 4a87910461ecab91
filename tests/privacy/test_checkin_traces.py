"""After a check-in was sent, nothing that is kept leads back to who sent it, or when."""

import hashlib
import hmac
import time
from datetime import UTC, datetime

import httpx

from tests.support.service import Service, Talk, find_tap, written

ANSWERS = ("Yes, I am 16 or over", "Eastmoor", "65 to 74", "Not very strongly", "Occasionally")


def test_a_sent_check_in_leads_back_to_nobody(
    service: Service, rasa: httpx.Client, talk: Talk
) -> None:
    started = time.time()
    talk.say("is there a choir near here")
    replies = talk.tap("start_check_in")
    assert talk.conversation
    sender = f"web:{talk.conversation}"
    secret = (service.folder / "secret.key").read_bytes()
    pseudonym = hmac.new(secret, sender.encode(), hashlib.sha256).hexdigest()

    tracker = rasa.get(f"/conversations/{pseudonym}/tracker").text
    assert "is there a choir near here" in tracker
    taps = []
    for label in (*ANSWERS, "Send"):
        taps.append(find_tap(replies, label))
        replies = talk.tap(taps[-1])

    # Rasa remembers of the talk what it did before the first answer, and no more.
    assert rasa.get(f"/conversations/{pseudonym}/tracker").text == tracker
    assert "ci:" not in tracker

    # Neither the sender nor a button that was pressed is written anywhere, and no time is.
    places = written(service)
    assert {"checkins.db", "rasa.log", "what it printed"} <= set(places)
    nonce = taps[-1].removeprefix("ci:")[1:9]
    for trace in (talk.conversation, pseudonym, nonce, *taps):
        found = [place for place, content in places.items() if trace.encode() in content]
        assert not found, found
    kept = [content for place, content in places.items() if place.startswith("checkins.db")]
    for second in range(int(started), int(time.time()) + 1):
        moment = datetime.fromtimestamp(second, UTC)
        for trace in (str(second), f"{moment:%H:%M:%S}", f"{moment:%Y-%m-%d}"):
            assert not any(trace.encode() in content for content in kept)
    week = datetime.now(UTC).strftime("%G-W%V")
    assert any(week.encode() in content for content in kept), "the week is there, and no more"


TYPED = ("yes", "eastmore", "i am 67 years old", "not very", "ocasionally i suppose")


def test_a_typed_check_in_leads_back_to_nobody(
    service: Service, rasa: httpx.Client, talk: Talk
) -> None:
    talk.say("is there a choir near here")
    replies = talk.tap("start_check_in")
    secret = (service.folder / "secret.key").read_bytes()
    sender = f"web:{talk.conversation}"
    pseudonym = hmac.new(secret, sender.encode(), hashlib.sha256).hexdigest()
    tracker = rasa.get(f"/conversations/{pseudonym}/tracker").text
    open_questions = []
    for text in TYPED:
        open_questions.append(talk.open_checkin)
        replies = talk.say(text)
    assert find_tap(replies, "Send")
    talk.say("send")

    assert rasa.get(f"/conversations/{pseudonym}/tracker").text == tracker
    for trace in (*open_questions, *TYPED[1:]):
        found = [place for place, text in written(service).items() if trace.encode() in text]
        assert not found, (trace, found)
