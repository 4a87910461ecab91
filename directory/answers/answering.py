"""Answers what a person asks about a listing: the entry point of `directory.answers`.

What dates and values settle comes first (`date_answers`, `rules`). Other facts and sentences are
judged alike by `relevance`; where none is likely enough to answer, the listing does not say. Must
never keep, log or store a question.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from directory.answers.asking import load_asking_model
from directory.answers.concepts import load_plain_concepts, name_concept
from directory.answers.date_answers import answer_by_dates, name_days
from directory.answers.examples import Verdict
from directory.answers.facts import find_fact
from directory.answers.model import AnswerModel, load_answer_model
from directory.answers.polarity import may_deny, measure_polarity
from directory.answers.questions import Question, read_questions
from directory.answers.reading import (
    EncodeTokens,
    ReadListing,
    ReadQuestion,
    read_listing,
    read_question,
)
from directory.answers.relevance import measure_relevance
from directory.answers.rules import (
    asks_for_way,
    compare_values,
    differs_in_kind,
    may_go_either_way,
    names_what_must_be_given,
    takes_side,
)
from directory.answers.statements import Statement
from directory.answers.wording import PRIVATE_PLACE, word_answer, word_contact, word_silence
from directory.describe import describe_when
from directory.listing import Listing, digest_document, dump_listing

# Listings kept read: some 600 kB each.
_KEPT_LISTINGS = 64
# A question about the place of a confidential listing is not looked up at all.
_PLACE_ASPECTS = frozenset({"where", "bus", "parking", "distance"})
_LEAST_PLACE_SHARE = 0.4
LEAST_RELEVANCE = 0.55
"""The probability below which a listing does not say. docs/explanation/answers.md measures it."""
# A statement is held to less where words are wanted, or where it gives the value itself.
_LEAST_OPEN = 0.35
_LEAST_COMPARED = 0.1
# One that names nothing of what the question plainly asks for is held to more.
_LEAST_ELSEWHERE = 0.8
# Of a statement that denies nothing, the probability of yes below which it says no.
_LEAST_UNDENIED = 0.1
# From here on the nearest statement may be quoted with the silence.
_WORTH_QUOTING = 0.25


@dataclass(frozen=True)
class Answer:
    """An answer: what to tell the person, and the listing's own words that show it, if any.

    `confidence` is the probability that the evidence answers; 1 where dates or values settle it.
    `topic` names what was asked for in plain words, if it is one of the plain things.
    """

    verdict: Verdict
    text: str
    evidence: str = ""
    confidence: float = 1.0
    topic: str = ""


@dataclass(frozen=True)
class _Choice:
    """The statement that answers best; `verdict` is None where its words have to be judged."""

    statement: int
    confidence: float
    verdict: Verdict | None = None


class AnswerService:
    """Answers questions from listings; safe to use from several threads."""

    def __init__(self, encode_tokens: EncodeTokens, model: AnswerModel | None = None) -> None:
        self._encode_tokens = encode_tokens
        self._model = model or load_answer_model()
        self._asking = load_asking_model()
        self._kept: OrderedDict[str, ReadListing] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, listing: Listing, message: str, now: datetime | None = None) -> list[Answer]:
        """An answer to each question of the message, in order; none if it holds no word.

        `now` is the local time, by which "tonight" is understood; that of the machine if None.
        """
        questions = read_questions(message, listing.name)
        if not questions:
            return []
        now = now or datetime.now()
        read = self._read_listing(listing)
        return [self._answer_question(listing, read, question, now) for question in questions]

    def asks_about_listing(self, message: str) -> float:
        """How likely the message asks about listings that were shown: 0 to 1."""
        [tokens] = self._encode_tokens([message.casefold()])
        return self._asking.predict(message, tokens.sentence)

    def _read_question(self, question: Question) -> ReadQuestion:
        model = self._model
        return read_question(question, self._encode_tokens, model.aspects, model.wants_words)

    def _read_listing(self, listing: Listing) -> ReadListing:
        key = digest_document(dump_listing(listing))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        read = read_listing(listing, self._encode_tokens, self._model.aspects)
        with self._lock:
            self._kept[key] = read
            while len(self._kept) > _KEPT_LISTINGS:
                self._kept.popitem(last=False)
        return read

    def _answer_question(
        self, listing: Listing, read: ReadListing, question: Question, now: datetime
    ) -> Answer:
        if settled := answer_by_dates(listing, question, now):
            return Answer(settled.verdict, settled.text, settled.evidence)
        asked = self._read_question(replace(question, text=name_days(question.text, now)))
        if listing.confidential and self._asks_for_place(asked):
            return Answer("not_said", f"{PRIVATE_PLACE} {word_contact(listing)}")
        topic = name_concept(next(iter(asked.concepts))) if asked.concepts else ""
        if not read.statements:
            return Answer("not_said", word_silence(listing), topic=topic)
        scores = self._score_statements(read, asked)
        choice = (
            _choose_fact(asked, read, listing)
            or _choose_by_values(asked, read, scores)
            or _choose_by_words(asked, read, scores)
        )
        statement = _join_schedules(read.statements[choice.statement], asked, listing)
        part = read.find_nearest_part(choice.statement, asked.tokens.sentence)
        # Words without the form of a question, as in "and chess", may ask for something else.
        least = _LEAST_OPEN if question.is_open else LEAST_RELEVANCE
        is_silent = choice.confidence < least or differs_in_kind(asked, statement.evidence)
        if is_silent:
            # Near to a question for the place may be a hint of the place.
            is_near = (
                scores[choice.statement] >= _WORTH_QUOTING
                and not listing.confidential
                and bool(asked.concepts.keys() & read.concepts[choice.statement].keys())
            )
            quoted = word_answer("text", statement, part) if is_near else ""
            if asks_for_way(asked.text):
                quoted = _quote_place(read)
            silence = word_silence(listing, quoted)
            return Answer("not_said", silence, "", choice.confidence, topic)
        verdict = self._judge(asked, read, choice)
        text = word_answer(verdict, statement, part)
        return Answer(verdict, text, statement.evidence, choice.confidence)

    def _judge(self, asked: ReadQuestion, read: ReadListing, choice: _Choice) -> Verdict:
        if asked.is_open:
            return "text"
        statement = read.statements[choice.statement]
        if statement.field == "description" and may_go_either_way(statement.text):
            return "text"
        if choice.verdict:
            return choice.verdict
        model = self._model
        features = measure_polarity(asked, read, choice.statement, model.aspects)
        least = 0.5 if may_deny(asked, statement.text) else _LEAST_UNDENIED
        return "yes" if model.polarity.predict(features[None])[0] >= least else "no"

    def _score_statements(self, read: ReadListing, asked: ReadQuestion) -> NDArray[np.float32]:
        """How likely each statement is to answer."""
        model = self._model
        scores = model.relevance.predict(
            measure_relevance(asked, read, model.aspects.names, model.pieces, model.stems)
        )
        if asked.is_open and asked.expected:
            scores *= np.array([bool(asked.expected & types) for types in read.types])
        return scores

    def _asks_for_place(self, asked: ReadQuestion) -> bool:
        names = np.array([name in _PLACE_ASPECTS for name in self._model.aspects.names])
        share = float(asked.aspects[names].sum() / max(float(asked.aspects.sum()), 1e-6))
        return share >= _LEAST_PLACE_SHARE


def _quote_place(read: ReadListing) -> str:
    """The address as a sentence, of which a confidential listing states none."""
    places = (item for item in read.statements if item.field == "place")
    return next((word_answer("text", item, "") for item in places), "")


def _join_schedules(statement: Statement, asked: ReadQuestion, listing: Listing) -> Statement:
    """All times for "when is it"; the one that answers for "is it on mondays"."""
    if statement.field != "schedule" or not asked.is_open:
        return statement
    return replace(statement, evidence=describe_when(listing))


def _choose_fact(asked: ReadQuestion, read: ReadListing, listing: Listing) -> _Choice | None:
    fact = find_fact(asked, read, listing)
    return _Choice(fact.statement, 1.0, fact.verdict) if fact else None


def _choose_by_values(
    asked: ReadQuestion, read: ReadListing, scores: NDArray[np.float32]
) -> _Choice | None:
    """The statement that gives what can be compared with the day, age or other value asked about.

    None if the question names no value, or may be answered without one.
    """
    compared = compare_values(asked, read)
    if compared is None:
        return None
    gives = compared.any(axis=1)
    if not gives.any():
        best = int(scores.argmax())
        return _Choice(best, 0.0) if names_what_must_be_given(asked) else None
    highest = scores[gives].max()
    # Where one of several sessions suits, the others do not matter.
    suits = gives & (compared.min(axis=1) >= 0) & (scores >= highest / 2)
    best = int(np.where(suits if suits.any() else gives, scores, -1).argmax())
    if highest < _LEAST_COMPARED:
        return _Choice(best, 0.0)
    return _Choice(best, 1.0, "yes" if suits[best] else "no")


def _choose_by_words(
    asked: ReadQuestion, read: ReadListing, scores: NDArray[np.float32]
) -> _Choice:
    """The likeliest statement; of those about what is plainly asked for, if there are any."""
    best = int(scores.argmax())
    plain = asked.concepts.keys() & load_plain_concepts()
    if asked.is_open or not plain or takes_side(plain, read.concepts[best]):
        return _Choice(best, float(scores[best]))
    if scores[best] >= _LEAST_ELSEWHERE:
        return _Choice(best, float(scores[best]))
    is_about = np.array([takes_side(plain, stated) for stated in read.concepts])
    if not is_about.any():
        return _Choice(best, 0.0)
    best = int(np.where(is_about, scores, -1).argmax())
    return _Choice(best, float(scores[best]))
