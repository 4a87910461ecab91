"""A resident on Telegram and the running program, from a greeting to a listing and a check-in."""

import sqlite3
from dataclasses import dataclass

import pytest

from tests.support.bot_api import BotApi, Chat
from tests.support.bot_api.chat import Sent
from tests.support.service import Service

TIMEOUT = 30.0


@dataclass
class Phone:
    """A resident's phone. Each action returns the bot's messages."""

    chat: Chat

    def say(self, text: str, answers: int = 1) -> list[Sent]:
        self.chat.send(text)
        return self.chat.wait_replies(answers, TIMEOUT)

    def tap(self, label: str, answers: int = 1) -> list[Sent]:
        self.chat.tap(label)
        return self.chat.wait_replies(answers, TIMEOUT)


@pytest.fixture
def phone(service: Service, telegram_server: BotApi) -> Phone:
    assert service.url
    return Phone(telegram_server.chat())


def test_from_a_greeting_to_listings(phone: Phone) -> None:
    (greeting,) = phone.say("/start")
    assert "Nobody reads this chat" in greeting.text
    *_, where = phone.say("is there a choir near here", answers=5)
    assert "Old Town" in where.labels
    opening, *cards, strength = phone.tap("Old Town", answers=5)
    assert "near Old Town" in opening.text
    assert all("Tell me more" in card.labels for card in cards)
    assert all("Fictional example" in card.text for card in cards)
    assert "Show me others" in strength.labels
    assert all(tap.answered for tap in phone.chat.taps.values()), "a button still spins"


def test_a_shared_location_finds_listings_nearby(phone: Phone) -> None:
    phone.say("is there a choir near here", answers=5)
    phone.chat.send_location(53.9002, 1.2997)
    _, *cards, _ = phone.chat.wait_replies(5, TIMEOUT)
    assert any("from you" in card.text for card in cards)


def test_a_crisis_is_answered_with_phone_numbers(phone: Phone) -> None:
    (answer,) = phone.say("i dont want to be here anymore")
    assert "999" in answer.text
    assert "116 123" in answer.text


def test_an_edited_message_replaces_what_it_said(phone: Phone) -> None:
    """Its new words are no answer to the question that the old ones led to."""
    wish = phone.chat.send("is there a choir near here")
    *cards, where = phone.chat.wait_replies(5, TIMEOUT)
    assert any("choir" in card.text.casefold() for card in cards)
    assert "Old Town" in where.labels
    phone.chat.edit(wish, "is there a chess club near here")
    _, *cards, where = phone.chat.wait_replies(5, TIMEOUT)
    assert any("chess" in card.text.casefold() for card in cards)
    # The place is asked again, for the first time in what is now the conversation.
    assert "Old Town" in where.labels
    _, *cards, _ = phone.tap("Old Town", answers=5)
    assert any("chess" in card.text.casefold() for card in cards)


def test_a_check_in_is_stored_only_on_send(phone: Phone, service: Service) -> None:
    def read_stored() -> list[tuple[str, ...]]:
        with sqlite3.connect(service.folder / "checkins.db") as database:
            query = "select area, age_band, answers from check_ins where area = 'Eastmoor'"
            return database.execute(query).fetchall()

    before = read_stored()
    phone.say("/checkin")
    phone.tap("Yes, I am 16 or over")
    phone.tap("Eastmoor")
    (belonging,) = phone.tap("65 to 74")
    assert "belong to your immediate neighbourhood" in belonging.text
    (lonely,) = phone.tap("Fairly strongly")
    assert "How often do you feel lonely?" in lonely.text
    (review,) = phone.tap("Occasionally")
    assert "Fairly strongly" in review.text
    assert read_stored() == before
    phone.tap("Send")
    (new,) = set(read_stored()) - set(before)
    assert new[:2] == ("Eastmoor", "65-74")
