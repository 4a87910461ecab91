"""Answers what a person asks about a listing: the entry point of `directory.answers`.

Facts and sentences are judged alike by `relevance`; where none is likely enough to answer, the
listing does not say. Must never keep, log or store a question.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from directory.answers.asking import load_asking_model
from directory.answers.examples import Verdict
from directory.answers.model import AnswerModel, load_answer_model
from directory.answers.polarity import measure_polarity
from directory.answers.questions import Question, read_questions
from directory.answers.reading import (
    EncodeTokens,
    ReadListing,
    ReadQuestion,
    read_listing,
    read_question,
)
from directory.answers.relevance import measure_relevance
from directory.answers.wording import PRIVATE_PLACE, word_answer, word_contact, word_silence
from directory.listing import Listing, digest_document, dump_listing

# Listings kept read: some 600 kB each.
_KEPT_LISTINGS = 64
# A question about the place of a confidential listing is not looked up at all.
_PLACE_ASPECTS = frozenset({"where", "bus", "parking", "distance"})
_LEAST_PLACE_SHARE = 0.4
LEAST_RELEVANCE = 0.6
"""The probability below which a listing does not say. docs/explanation/answers.md measures it."""
# From here on the nearest statement is quoted with the silence.
_WORTH_QUOTING = 0.25


@dataclass(frozen=True)
class Answer:
    """An answer: what to tell the person, and the listing's own words that show it, if any."""

    verdict: Verdict
    text: str
    evidence: str = ""


class AnswerService:
    """Answers questions from listings; safe to use from several threads."""

    def __init__(self, encode_tokens: EncodeTokens, model: AnswerModel | None = None) -> None:
        self._encode_tokens = encode_tokens
        self._model = model or load_answer_model()
        self._asking = load_asking_model()
        self._kept: OrderedDict[str, ReadListing] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, listing: Listing, message: str) -> list[Answer]:
        """An answer to each question of the message, in order; none if it holds no word."""
        questions = read_questions(message, listing.name)
        if not questions:
            return []
        read = self._read_listing(listing)
        return [self._answer_question(listing, read, question) for question in questions]

    def asks_about_listing(self, message: str) -> float:
        """How likely the message asks about listings that were shown: 0 to 1."""
        [tokens] = self._encode_tokens([message.casefold()])
        return self._asking.predict(message, tokens.sentence)

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

    def _answer_question(self, listing: Listing, read: ReadListing, question: Question) -> Answer:
        model = self._model
        asked = read_question(question, self._encode_tokens, model.aspects, model.wants_words)
        if listing.confidential and self._asks_for_place(asked):
            return Answer("not_said", f"{PRIVATE_PLACE} {word_contact(listing)}")
        if not read.statements:
            return Answer("not_said", word_silence(listing))
        scores = self._score_statements(read, asked)
        best = int(scores.argmax())
        statement = read.statements[best]
        parts = read.find_parts(best)
        nearest = parts[int(np.argmax(read.part_vectors[parts] @ asked.tokens.sentence))]
        if scores[best] < LEAST_RELEVANCE:
            # Near to a question for the place may be a hint of the place.
            is_near = scores[best] >= _WORTH_QUOTING and not listing.confidential
            quoted = word_answer("text", statement, read.parts[nearest]) if is_near else ""
            return Answer("not_said", word_silence(listing, quoted))
        verdict: Verdict = "text"
        if not asked.is_open:
            features = measure_polarity(asked, read, best, model.aspects)
            verdict = "yes" if model.polarity.predict(features[None])[0] >= 0.5 else "no"
        return Answer(
            verdict, word_answer(verdict, statement, read.parts[nearest]), statement.evidence
        )

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
