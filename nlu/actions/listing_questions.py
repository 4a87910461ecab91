"""Answers questions about the listings that a person was shown, from what the listings say.

Knows which listings a question is about; `directory.answers` finds the answers.
"""

import re
from collections.abc import Mapping, Sequence

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.answers.answer_types import expect_types
from directory.answers.answering import Answer
from directory.answers.questions import find_question_start, spell_out
from directory.answers.wording import word_shared_silence, word_silences
from directory.indexing.words import find_content_words, find_stems
from directory.listing import StoredListing
from directory.search.query import Query
from nlu.actions.adapter import ActionFunction, Services
from nlu.actions.details import show_again
from nlu.actions.references import (
    find_named_listings,
    read_described,
    read_reference,
    read_results,
)
from nlu.actions.search import begin_search
from nlu.understanding.listing_questions import (
    ask_of_each,
    call_position_it,
    cut_name,
    is_about_several,
)
from nlu.understanding.references import ORDINALS, choose_name
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import (
    asks_question,
    cut_card_request,
    is_outright_request,
    wants_card,
)

_MAX_ANSWERED = 4  # listings in one reply
_SURE = 0.5
"""From here on, a message is taken as a question about listings, whatever its intent."""
_CERTAIN = 0.8
"""From here on, even where Rasa is sure that it is about us."""
_LIKELY = 0.25
"""From here on, it is taken as one if a listing answers it."""
# A confident intent of these is about us or the talk, not about a listing.
_NOT_ABOUT_LISTINGS = frozenset(
    "greet goodbye thank affirm deny stop forget_me ask_privacy ask_bot ask_capabilities show_more "
    "ask_navigator give_feedback suggest_listing start_check_in offer_help have_a_say".split()
)
_NAMES_SURELY = 0.8
"""From here on, a message names another listing by its subject alone."""
_ONE = re.compile(r"\b(?:it|its|that|this|there)\b")
_OTHER = re.compile(r"\bother (?:one|place|group)\b")
_SEVERAL = re.compile(r"\b(?:which|any|either|both|all|each|those|these|them|they|the others)\b")
_ANOTHER = re.compile(r"\b(?:is|are) there an?\b.* ones?\b")
_SAME_AGAIN = re.compile(r"^(?:(?:and|ok|so|but|or) )*(?:what|how) about\b|^(?:and|or)\b|\?$")
_VERDICT_ORDER = ("yes", "text", "no", "not_said")
_SUBJECT = re.compile(r"\bthe ([\w'-]+(?: [\w'-]+)?)")
_ORDER_WORDS = "first second third fourth last 1st 2nd 3rd 4th other one two three four number"


def answer_listing_questions(function: ActionFunction) -> ActionFunction:
    """`function`, run unless the message asks about a listing that the person was shown.

    A question that names what was not shown is searched, and answered from the best result.
    """

    def run(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
        if turn.is_tap or turn.requested_slot or not services.search.reads_meaning:
            return function(turn, services, dispatcher)
        named = find_named_listings(turn, services)
        sureness = _measure_question(turn, named, services)
        names_one = wants_card(turn.text) and read_reference(turn) not in ORDINALS
        if names_one and named and not _asks_besides(turn):
            return show_again(named, turn, dispatcher)
        search = function
        if sureness >= _LIKELY and (listings := choose_listings(turn, named, services)):
            question = _find_question(turn, listings, named)
            answers = {key.id: services.answers.answer(key.listing, question) for key in listings}
            is_silent = all(map(_is_silent, answers.values()))
            by_subject = not is_silent or sureness >= _NAMES_SURELY
            by_subject &= not is_outright_request(turn.text)
            if _names_another(turn.text, listings, services, by_subject=by_subject):
                search = begin_search
            elif not is_silent or sureness >= _SURE:
                return _tell_answers(turn, question, listings, answers, dispatcher)
        position = len(dispatcher.messages)
        events = search(turn, services, dispatcher)
        return [*events, *_answer_from_found(turn, events, services, dispatcher, position)]

    return run


def _asks_besides(turn: Turn) -> bool:
    """Whether the message asks something beside the wish to see a card: "..., how much is it"."""
    text = spell_out(cut_card_request(turn.text))
    return find_question_start(text) < len(text)


def is_listing_question(turn: Turn, services: Services) -> bool:
    """Whether the message surely asks about a listing."""
    return services.search.reads_meaning and (
        services.answers.asks_about_listing(turn.text) >= _SURE
    )


def _measure_question(turn: Turn, named: Sequence[StoredListing], services: Services) -> float:
    """How surely the message asks about a listing: 0 to 1."""
    is_about_list = "keep" in turn.entities or "list" in turn.entities
    if is_about_list or turn.changes.dropped or _ANOTHER.search(spell_out(turn.text)):
        return 0
    # "Back to the choir, when is it on" asks, beside the wish to see it again.
    text = cut_card_request(turn.text)
    sureness = services.answers.asks_about_listing(text) if text else 0
    for stored in named[:1]:
        # In "tide singers again where is it", the words behind the name are the question.
        names = {*find_content_words(stored.listing.name)}
        rest = " ".join(word for word in text.split() if word.casefold() not in names)
        sureness = max(sureness, services.answers.asks_about_listing(rest) if rest else 0)
    is_about_us = turn.is_confident and turn.intent in _NOT_ABOUT_LISTINGS
    asks_for_one = is_outright_request(turn.text) and not read_reference(turn)
    if sureness < _CERTAIN and (is_about_us or asks_for_one):
        # "Is there a choir" asks for one, unlike "is there a toilet".
        return 0
    return sureness


def _find_question(
    turn: Turn, listings: Sequence[StoredListing], named: Sequence[StoredListing]
) -> str:
    """What to ask of each listing: the message, the question before it, or a comparison's."""
    text = spell_out(turn.text)
    if _repeats_question(text, listings):
        return turn.slots.get("listing_question") or turn.text
    if (asked := ask_of_each(text)) is not None:
        return asked
    if not named:
        return call_position_it(turn.text)
    names = " ".join(stored.listing.name for stored in named)
    return cut_name(text, {*find_stems(f"{names} {read_described(turn.text)}")})


def _tell_answers(
    turn: Turn,
    question: str,
    listings: Sequence[StoredListing],
    answers: Mapping[int, Sequence[Answer]],
    dispatcher: CollectingDispatcher,
) -> list[EventType]:
    text = _word_answers(listings, answers, turn)
    dispatcher.utter_message(response="utter_listing_answer", answer=text)
    events = [SlotSet("listing_question", question)]
    if len(listings) == 1:
        events.append(SlotSet("looking_at", listings[0].id))
    return events


def choose_listings(
    turn: Turn, named: Sequence[StoredListing], services: Services
) -> list[StoredListing]:
    """The listings seen that the message may be about, the likeliest first.

    `named` are those that it names.
    """
    results = read_results(turn, services)
    reference, text = read_reference(turn), spell_out(turn.text)
    if reference in ORDINALS:
        index = choose_name([stored.listing.name for stored in results], reference, "")
        return [] if index is None else [results[index]]
    looked_at = turn.slots.get("looking_at")
    opened = services.search.get(int(looked_at)) if looked_at is not None else None
    if opened and _OTHER.search(text):
        return [stored for stored in results if stored.id != opened.id][:_MAX_ANSWERED]
    if named and (len(named) > 1 or not is_about_several(text)):
        return list(named[:_MAX_ANSWERED])
    if opened and (not _SEVERAL.search(text) or _ONE.search(text) or len(results) < 2):
        return [opened]
    return results[:_MAX_ANSWERED]


def _repeats_question(text: str, listings: Sequence[StoredListing]) -> bool:
    """Whether the message only names another listing, as in "and the second?"."""
    if not _SAME_AGAIN.search(text) or len(listings) != 1:
        return False
    own = {*find_stems(listings[0].listing.name), *find_stems(_ORDER_WORDS)}
    return set(find_stems(text)) <= own


def _names_another(
    text: str, listings: Sequence[StoredListing], services: Services, *, by_subject: bool
) -> bool:
    """Whether the message is about another listing, whose name has a word that none of these has.

    `by_subject`, only the subject counts: the library in "when does the library open". What
    compares those that were shown names no other.
    """
    if is_about_several(text.casefold()):
        return False
    words = set(find_content_words(" ".join(_SUBJECT.findall(text)) if by_subject else text))
    for stored in listings:
        words -= set(find_content_words(f"{stored.listing.name} {stored.listing.description}"))
    known = {stored.id for stored in listings}
    hits = services.search.search(Query(text, limit=2)) if words else []
    names = (hit.stored.listing.name for hit in hits if hit.is_good and hit.stored.id not in known)
    return any(words & set(find_content_words(name)) for name in names)


def _answer_from_found(
    turn: Turn,
    events: Sequence[EventType],
    services: Services,
    dispatcher: CollectingDispatcher,
    position: int,
) -> list[EventType]:
    """Put an answer before the results that were just found: of the best one that answers."""
    found = [event["value"] for event in events if event.get("name") == "results"][-1:]
    asks = turn.intent == "ask_details" or asks_question(turn.text) or expect_types(turn.text)
    is_named = bool(turn.utterance.wanted) and not is_outright_request(turn.text)
    if not found or not found[0] or not asks or not is_named:
        return []
    words = set(find_stems(turn.text))
    listings = [stored for key in found[0][:3] if (stored := services.search.get(int(key)))]
    # Listings that the question names come first.
    listings.sort(key=lambda stored: -len(words & set(find_stems(stored.listing.name))))
    given = ((stored, services.answers.answer(stored.listing, turn.text)) for stored in listings)
    answering = (
        (stored, answers)
        for stored, answers in given
        if not _is_silent(answers) and _speaks_of_subject(stored, turn.text)
    )
    best = next(answering, None)
    if best is None and turn.intent == "ask_details":
        # Nothing else was asked for, so silence is told as well.
        named = [stored for stored in listings if words & set(find_stems(stored.listing.name))]
        best = (named[0], services.answers.answer(named[0].listing, turn.text)) if named else None
    if best is None:
        return []
    stored, answers = best
    text = _word_answers([stored], {stored.id: answers}, turn)
    dispatcher.utter_message(response="utter_listing_answer", answer=text)
    dispatcher.messages.insert(position, dispatcher.messages.pop())
    return [SlotSet("listing_question", turn.text), SlotSet("looking_at", stored.id)]


def _speaks_of_subject(stored: StoredListing, text: str) -> bool:
    """Whether the listing uses a word of each thing that the question names with "the".

    The theatre's times are no answer to "when is the ice rink open".
    """
    listing = set(find_stems(f"{stored.listing.name} {stored.listing.description}"))
    subjects = (set(find_stems(words)) for words in _SUBJECT.findall(text.casefold()))
    return all(words & listing for words in subjects if words)


def _is_silent(answers: Sequence[Answer]) -> bool:
    return all(item.verdict == "not_said" for item in answers)


def _word_answers(
    listings: Sequence[StoredListing], answers: Mapping[int, Sequence[Answer]], turn: Turn
) -> str:
    """A line for each listing that answers, those that fit first; one line for all the others.

    There is no name for the one that is open.
    """
    if len(listings) == 1 and turn.slots.get("looking_at") == listings[0].id:
        return _join_answers(listings[0], answers[listings[0].id])

    def find_rank(stored: StoredListing) -> int:
        return min(map(_VERDICT_ORDER.index, (item.verdict for item in answers[stored.id])))

    answering = [stored for stored in listings if not _is_silent(answers[stored.id])]
    if not answering and len(listings) > 1:
        return word_shared_silence([stored.listing for stored in listings])
    lines = [
        f"{stored.listing.name}: {_join_answers(stored, answers[stored.id])}"
        for stored in sorted(answering or listings, key=find_rank)
        if answers[stored.id]
    ]
    if answering and (silent := len(listings) - len(answering)):
        lines.append("The other one does not say." if silent == 1 else "The others do not say.")
    return "\n".join(lines)


def _join_answers(stored: StoredListing, answers: Sequence[Answer]) -> str:
    """The answers one after the other; none is given twice, and silence is told once."""
    told = [item.text for item in answers if item.verdict != "not_said"]
    topics = [item.topic for item in answers if item.verdict == "not_said"]
    told += [item.text for item in answers if item.verdict == "not_said" and len(topics) == 1]
    told += [word_silences(stored.listing, topics)] if len(topics) > 1 else []
    return " ".join(dict.fromkeys(told))
