"""What a person sees after a restart of Rasa, and what is kept for them."""

from bot.messages import Message, Text
from bot.rasa.active_conversations import ActiveConversations
from bot.rasa.client import Handover, RasaSilentError
from bot.rasa.gateway import RasaGateway
from bot.responses import Responses
from tests.support.fake_rasa import FakeRasa, make_conversation

HELLO = Message(tap="greet")
MORE = Message(tap="show_more")
ANSWER = Text("Hello")
TALK_LOST = Responses().render("utter_talk_lost")
SLOTS = {"results": [3, 7], "area": "Harbourside"}


async def test_a_lost_talk_is_admitted_once() -> None:
    rasa = FakeRasa()
    conversation = make_conversation(rasa)
    await conversation.answer("web:mine", MORE)
    await conversation.answer("web:greeted", HELLO)
    rasa.generation += 1
    rasa.fault = RasaSilentError("silent")
    await conversation.answer("web:mine", HELLO)
    rasa.fault = None
    assert await conversation.answer("web:mine", MORE) == [TALK_LOST, ANSWER]
    assert await conversation.answer("web:mine", MORE) == [ANSWER]
    # Who had not said anything has lost nothing, and neither has who starts again.
    assert await conversation.answer("web:greeted", MORE) == [ANSWER]
    rasa.generation += 1
    assert await conversation.answer("web:mine", Message(tap="start_again")) == [ANSWER]


async def test_the_last_listings_are_restored_once() -> None:
    rasa = FakeRasa()
    gateway = RasaGateway(rasa)
    await gateway.send("home", "mine", "a choir")
    gateway.keep_slots("mine", SLOTS)
    assert await gateway.send("home", "mine", "/show_more") == [ANSWER]
    assert rasa.restored == []
    rasa.generation += 1
    assert await gateway.send("home", "mine", "the second one") == [Handover.SEARCH_LOST, ANSWER]
    assert await gateway.send("home", "mine", "the first one") == [ANSWER]
    assert rasa.restored == [SLOTS]
    # Each restart loses it again.
    rasa.generation += 1
    assert await gateway.send("home", "mine", "the first one") == [Handover.SEARCH_LOST, ANSWER]
    assert rasa.restored == [SLOTS, SLOTS]


async def test_what_was_shown_while_rasa_was_away_is_given_to_it_once() -> None:
    rasa = FakeRasa()
    gateway = RasaGateway(rasa)
    gateway.add_slots("mine", {"results": [3, 7]})
    gateway.add_slots("mine", {"looking_at": 7})
    assert gateway.read_slots("mine") == {"results": [3, 7], "looking_at": 7}
    rasa.generation += 1
    # Rasa never knew this talk, so nothing was lost.
    assert await gateway.send("home", "mine", "how much is it") == [ANSWER]
    assert await gateway.send("home", "mine", "and the other one") == [ANSWER]
    assert rasa.restored == [{"results": [3, 7], "looking_at": 7}]


async def test_what_is_erased_is_not_restored() -> None:
    rasa = FakeRasa()
    gateway = RasaGateway(rasa)
    await gateway.send("home", "mine", "a choir")
    gateway.keep_slots("mine", SLOTS)
    await gateway.forget("mine")
    gateway.keep_slots("mine", SLOTS)  # by an action that was still running
    rasa.generation += 1
    assert await gateway.send("home", "mine", "the second one") == [ANSWER]
    assert rasa.restored == []


def test_what_is_kept_goes_with_the_session() -> None:
    now = 0.0
    active = ActiveConversations(lambda: now)
    active.add_conversation("mine", 0, has_content=True)
    active.keep_slots("mine", SLOTS)
    now = 3_599.0
    active.remove_expired()
    assert active._conversations["mine"].slots == SLOTS
    assert active.read_slots("mine") == SLOTS
    now = 3_600.0
    assert active.read_slots("mine") == {}
    active.remove_expired()
    assert active._conversations["mine"].slots == {}
    assert active.remove_conversation("mine")


def test_a_talk_that_rasa_had_forgotten_anyway_is_not_lost() -> None:
    now = 0.0
    active = ActiveConversations(lambda: now)
    active.add_conversation("mine", 0, has_content=True)
    now = 3_600.0
    active.add_conversation("mine", 1, has_content=True)
    assert not active.take_loss("mine")
    now = 7_199.0
    active.add_conversation("mine", 2, has_content=True)
    assert active.take_loss("mine")
