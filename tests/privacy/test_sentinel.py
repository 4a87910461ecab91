"""Property 1: what a person says reaches no log, no database and no export.

A phrase that nobody would say goes through every path; then everything that the
program has written or printed is searched for it.
"""

import httpx

from tests.support.bot_api import BotApi
from tests.support.service import Service, Talk, words, written

SENTINEL = "quagmirebadger"
NAME = "Zebedeeheron"
LATITUDE = 53.917263


def test_what_is_said_is_written_nowhere(service: Service, telegram_server: BotApi) -> None:
    talk = Talk(service.url)
    said = [
        f"knitting {SENTINEL}",
        f"i am good at {SENTINEL} baking",
        f"near {SENTINEL}",
        f"tell me more about {SENTINEL}",
        f"actually no, {SENTINEL} instead",
        f"i feel low about {SENTINEL}",
        f"not {SENTINEL}, and i can teach {SENTINEL}",
        f"i want to suggest a group called {SENTINEL} on mondays at the hall",
        "do not send",
        f"the second one is wrong, it has closed says {SENTINEL}",
        f"change it {SENTINEL}",
        "no",
        f"that was useful {SENTINEL}",
        f"save the {SENTINEL} one",
        "my list",
        f"i want to kill myself {SENTINEL}",
        f"/find_group{{'interest': '{SENTINEL}'}}",
        f"set_area:area={SENTINEL}",
    ]
    for text in said:
        talk.say(text)
    talk.tap(f"find_group:interest={SENTINEL}")
    talk.tap(f"ask_details:listing={SENTINEL}")
    talk.tap(f"{SENTINEL}:{SENTINEL}={SENTINEL}")
    talk.tap(f"ask_details:listing=#\u00b2{SENTINEL}")
    talk.tap(f"ci:{SENTINEL}")
    talk.tap(f"report_listing:note={SENTINEL}")
    talk.tap("deny")
    talk.tap(f"give_feedback:answer={SENTINEL}")
    talk.tap(f"refine_search:access={SENTINEL}")
    talk.tap(f"ask_details:keep={SENTINEL}")
    httpx.post(f"{service.url}/api/chat", json={"message": SENTINEL})
    httpx.post(f"{service.url}/api/chat", content=SENTINEL.encode())
    told = {"User-Agent": SENTINEL, "Referer": f"https://{SENTINEL}.example/", "Cookie": SENTINEL}
    for fields in ({"text": f"choir {SENTINEL}"}, {"tap": SENTINEL}, {"text": SENTINEL * 99}):
        httpx.post(f"{service.url}/chat", data=fields, headers=told)

    chat = telegram_server.chat(name=NAME)
    chat.send(f"chess {SENTINEL}")
    chat.wait_replies(1, 30)
    chat.send_photo(SENTINEL)
    chat.send_location(LATITUDE, 1.3)
    chat.wait_replies(2, 30)

    # Once more while Rasa is lost, which is when programs log most.
    rasa = service.rasa
    rasa.kill()
    talk.say(f"painting {SENTINEL}")
    chat.send(f"painting {SENTINEL}")
    chat.wait_replies(1, 30)
    service.await_next_rasa(rasa)
    service.wait_for_rasa()
    conversation = talk.conversation
    talk.close()
    assert conversation

    places = written(service)
    assert {"directory.db", "checkins.db", "rasa.log"} <= set(places)
    for secret in (SENTINEL, NAME, conversation, str(chat.chat_id), str(LATITUDE)):
        found = [place for place, content in places.items() if secret.encode() in content]
        assert not found, f"{secret} was written to {found}"


SENT = "parsnipheron"


def test_a_note_is_written_only_where_the_team_reads_it_and_only_once_sent(
    service: Service, talk: Talk
) -> None:
    """The one exception to property 1: shown back first, without who or when but the week."""
    service.wait_for_rasa()
    shown = talk.say(f"i want to suggest a group called {SENT} on mondays at the hall")
    assert f"“i want to suggest a group called {SENT}" in words(shown)
    assert not any(SENT.encode() in content for content in written(service).values())
    assert "Sent." in words(talk.say("send it"))
    found = {place for place, content in written(service).items() if SENT.encode() in content}
    assert found
    assert found <= {"directory.db", "directory.db-wal"}
    assert talk.conversation
    for place in found:
        assert talk.conversation.encode() not in written(service)[place]
