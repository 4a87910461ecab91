"""What a person in danger is shown: helplines that fit what the conversation tells of them.

Owns what is remembered of a danger, and how it chooses the numbers. Must never hold, log or repeat
what a person wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from bot.messages import Reply
from bot.safety.guard import Classification
from bot.safety.helplines import Person
from bot.safety.replies import make_replies
from bot.safety.talk_states import TalkState, TalkStates
from nlu.understanding.ages import read_ages, read_speaker_ages


class Classifier(Protocol):
    """The crisis guard, as this module needs it."""

    def classify(self, text: str, /) -> Classification: ...


@dataclass(frozen=True)
class CareAnswer:
    """Replies that come first. If `is_final`, they are the whole answer."""

    replies: tuple[Reply, ...] = ()
    is_final: bool = False


class Care:
    """Reads every typed message first. `nation` is a key of `helplines.toml`."""

    def __init__(self, guard: Classifier, nation: str) -> None:
        self._guard = guard
        self._nation = nation
        self._states = TalkStates()

    def answer(self, pseudonym: str, text: str, *, is_private: bool = False) -> CareAnswer:
        """What is shown for a typed message, before any other answer. Never raises.

        A message that `is_private` may answer a check-in: of it, only a danger is remembered.
        """
        found = self._guard.classify(text)
        state = self._states.read_state(pseudonym)
        if found.label != "none" or not is_private:
            state = _update_state(state, found, text)
            self._states.keep_state(pseudonym, state)
        replies = make_replies(found.label, self._nation, found.kind, state.topics, state.person)
        return CareAnswer(replies, is_final=found.label == "crisis")

    def list_helplines(self, pseudonym: str) -> Sequence[Reply]:
        """The helplines for somebody who asks for them: those of the danger, if there was one."""
        state = self._states.read_state(pseudonym)
        label = "support" if state.label == "none" else state.label
        return make_replies(label, self._nation, state.kind, state.topics, state.person)

    def forget(self, pseudonym: str) -> None:
        """Forget what is known of a conversation."""
        self._states.forget(pseudonym)


def _update_state(before: TalkState, found: Classification, text: str) -> TalkState:
    """The state of the conversation after a message."""
    today = date.today()
    ages = read_speaker_ages(text, today) or before.person.ages
    if found.label == "none":
        since = before.turns_since + (before.label != "none")
        return replace(before, person=replace(before.person, ages=ages), turns_since=since)
    is_about_other = True if found.kind == "someone_else" else None
    subject_ages = read_ages(text, today) if is_about_other else None
    return TalkState(
        label="crisis" if "crisis" in (before.label, found.label) else found.label,
        kind=found.kind or before.kind,
        topics=before.topics,
        person=Person(ages, is_about_other, subject_ages or before.person.subject_ages),
    )
