"""What a person in danger is shown, and what follows it.

Owns what is remembered of a danger, how it chooses the numbers, and how the messages after it are
answered. Must never hold, log or repeat what a person wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, cast, get_args

from bot.messages import Reply
from bot.safety.guard import Classification
from bot.safety.helplines import Person, Topic
from bot.safety.replies import make_follow_up, make_replies
from bot.safety.talk_states import TalkState, TalkStates
from bot.safety.topics import FollowUp, load_topic_model
from nlu.understanding.ages import read_ages, read_speaker_ages

# Questions about this chat and about help, which mean the same whenever they are asked.
_QUESTIONS: set[FollowUp] = {
    "visible", "secret", "real_person", "police", "what_to_say", "cannot_call",
}  # fmt: skip
# Questions of somebody who fears to be found out. Alone, they sound like a danger to the guard.
_FIRST_QUESTIONS: set[FollowUp] = {"visible", "secret", "police"}
# The least probability of what a raised message is about, of a topic that raises a message by
# itself, and of a question about doses after a danger.
_TOPIC, _RAISING_TOPIC, _DOSE_AFTER_DANGER = 0.3, 0.75, 0.4
# The least probability of a follow-up in the message after a danger, and of one that comes later
# or that the guard takes for another danger.
_NEXT, _LATER = 0.45, 0.75
_CALM = 0.6
# A line of support is shown again after as many messages.
_REPEAT_AFTER = 3
# These people are in no danger because of who they are, so none of them raises a message.
_COMMUNITIES = {"veterans", "lgbt", "deaf"}
_OTHER_IS_LIKELY, _SELF_IS_LIKELY = 0.85, 0.15


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
        load_topic_model()

    def answer(self, pseudonym: str, text: str, *, is_private: bool = False) -> CareAnswer:
        """What is shown for a typed message, before any other answer. Never raises.

        A message that `is_private` may answer a check-in: of it, only a danger is remembered.
        """
        before = self._states.read_state(pseudonym)
        found, topics = _find_topics(self._guard.classify(text), before)
        follow_up = _find_follow_up(found, before, is_private=is_private)
        state = before
        if found.label != "none" or not is_private:
            state = _update_state(before, found, topics, text, follow_up)
            self._states.keep_state(pseudonym, state)
        if follow_up:
            reply = make_follow_up(follow_up, self._nation, state.kind, state.topics, state.person)
            return CareAnswer((reply,), is_final=True)
        if _was_just_shown(found, before, state):
            return CareAnswer()
        replies = make_replies(found.label, self._nation, found.kind, state.topics, state.person)
        return CareAnswer(replies, is_final=found.label == "crisis")

    def list_helplines(self, pseudonym: str) -> Sequence[Reply]:
        """The helplines for somebody who asks for them: those of the danger, if there was one."""
        state = self._states.read_state(pseudonym)
        label = "support" if state.label == "none" else state.label
        return make_replies(label, self._nation, state.kind, state.topics, state.person)

    def has_seen_crisis(self, pseudonym: str) -> bool:
        """Whether helplines must stay within reach in this conversation."""
        return self._states.read_state(pseudonym).label == "crisis"

    def forget(self, pseudonym: str) -> None:
        """Forget what is known of a conversation."""
        self._states.forget(pseudonym)


def _was_just_shown(found: Classification, before: TalkState, state: TalkState) -> bool:
    """Whether a line of support would only repeat numbers that stand just above."""
    is_new = state.topics != before.topics or state.person != before.person
    is_recent = before.label != "none" and before.turns_since < _REPEAT_AFTER
    return found.label == "support" and is_recent and not is_new


def _find_topics(
    found: Classification, before: TalkState
) -> tuple[Classification, tuple[Topic, ...]]:
    """What the guard found, raised where a topic alone is danger, and the topics."""
    if found.segment is None or found.segment.vector is None:
        return found, ()
    name, probability = load_topic_model().topics.find_likeliest(found.segment.vector)
    is_after_crisis = before.label == "crisis"
    if name == "dose":
        least = _DOSE_AFTER_DANGER if is_after_crisis else _RAISING_TOPIC
        is_danger = probability >= least and found.label != "crisis"
        return (replace(found, label="crisis", kind="overdose") if is_danger else found), ()
    topic = cast(Topic, name)
    is_sure = probability >= _RAISING_TOPIC
    if is_sure and name == "rough_sleeping" and not found.is_by_pattern:
        # A bed is what they ask for, so the numbers must not take the answer away.
        return replace(found, label="support"), (topic,)
    if found.label == "none" and name not in _COMMUNITIES and is_sure:
        return replace(found, label="support"), (topic,)
    return found, (topic,) if found.label != "none" and probability >= _TOPIC else ()


def _find_follow_up(
    found: Classification, before: TalkState, *, is_private: bool
) -> FollowUp | None:
    """What the message is to the danger before it; None if it is a danger or a wish of its own.

    Only a question is one while the message may answer a check-in.
    """
    if found.segment is None or found.segment.vector is None or found.kind == "overdose":
        return None
    name, probability = load_topic_model().follow_ups.find_likeliest(found.segment.vector)
    follow_up = cast(FollowUp, name)
    if before.label != "crisis":
        # A message that is no danger is left to the conversation, which knows such questions too.
        is_first = found.label == "crisis" and follow_up in _FIRST_QUESTIONS
        return follow_up if is_first and probability >= _LATER else None
    is_next = before.turns_since == 0 and found.label != "crisis" and not is_private
    # To take a danger for calm is the worst mistake here.
    is_next &= follow_up != "calm" or probability >= _CALM
    is_known = is_next or follow_up in _QUESTIONS
    return follow_up if is_known and probability >= (_NEXT if is_next else _LATER) else None


def _update_state(
    before: TalkState,
    found: Classification,
    topics: tuple[Topic, ...],
    text: str,
    follow_up: FollowUp | None,
) -> TalkState:
    """The state of the conversation after a message."""
    today = date.today()
    ages = read_speaker_ages(text, today) or before.person.ages
    if follow_up:
        # What follows a danger is still about that danger.
        person = replace(before.person, ages=ages)
        return replace(before, label="crisis", person=person, turns_since=0)
    if found.label == "none":
        since = before.turns_since + (before.label != "none")
        return replace(before, person=replace(before.person, ages=ages), turns_since=since)
    is_about_other = _find_whether_about_other(found)
    subject_ages = read_ages(text, today) or before.person.subject_ages if is_about_other else None
    return TalkState(
        label="crisis" if "crisis" in (before.label, found.label) else found.label,
        kind=found.kind or before.kind,
        topics=tuple(dict.fromkeys((*topics, *_keep_communities(before))))[:2],
        person=Person(ages, is_about_other, subject_ages),
    )


def _find_whether_about_other(found: Classification) -> bool | None:
    """Whether somebody else is in danger; None if that is not sure."""
    if found.kind == "someone_else":
        return True
    if found.segment is None or found.segment.vector is None:
        return None
    probability = load_topic_model().about.predict(found.segment.vector)["other"]
    if probability >= _OTHER_IS_LIKELY:
        return True
    return False if probability <= _SELF_IS_LIKELY else None


def _keep_communities(state: TalkState) -> list[Topic]:
    """Who the person is stays true in the next danger; what it was about may not."""
    return [topic for topic in get_args(Topic) if topic in state.topics and topic in _COMMUNITIES]
