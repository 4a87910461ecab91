"""A check-in in the making, and how it travels in the hands of the person who makes it.

Owns the sealed text of a draft: short, signed, and dated by the hour. Must never
remember a draft, or trust one whose signature is not its own.
"""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, replace

KEY_BYTES = 16
AREA_STEP, AGE_STEP, FIRST_QUESTION = 0, 1, 2

_EMPTY = "_"
_NONCE, _HOUR, _AREA, _SIGNATURE = 8, 4, 2, 16


#: Turns go round: the one that comes next is long after every draft of the last has expired.
TURNS = 8


def current_hour() -> int:
    """Whole hours from 1970 to now."""
    return int(time.time()) // 3600


@dataclass(frozen=True)
class Stub:
    """What the database remembers of a draft that was sent, so that it is sent once.

    `text` is a keyed hash of its nonce, cut to 64 bits: 16 characters. `turn` tells only
    which stubs are old, and no time: it is the hour in which the draft was begun, modulo 8.
    """

    text: str
    turn: int


def turns_in_use(hour: int) -> tuple[int, ...]:
    """The turns of drafts that may still be sent around that hour.

    One more on each side than drafts live for: clocks differ, and so do the hours at which
    one draft was begun and another is sent.
    """
    return tuple(each % TURNS for each in range(hour - 2, hour + 2))


@dataclass(frozen=True)
class Draft:
    """How far one person has come: text fields of fixed width, underscores where empty.

    `nonce` is random and tells one draft from another; `hour` is when it was begun.
    Step 0 is the area (two digits: its place in the list), step 1 the age band (one
    character), and from step 2 on the questions (one character each).
    """

    nonce: str
    hour: str
    area: str
    age: str
    answers: str

    def hour_begun(self) -> int:
        """Whole hours from 1970 to when the draft was begun."""
        return int.from_bytes(base64.urlsafe_b64decode(self.hour), "big")

    def next_step(self) -> int | None:
        """The first step without an answer, or None where all have one."""
        if self.area.startswith(_EMPTY):
            return AREA_STEP
        if self.age == _EMPTY:
            return AGE_STEP
        place = self.answers.find(_EMPTY)
        return None if place < 0 else FIRST_QUESTION + place

    def fill(self, step: int, code: str) -> "Draft":
        """The draft with that step answered."""
        if step == AREA_STEP:
            return replace(self, area=code)
        if step == AGE_STEP:
            return replace(self, age=code)
        place = step - FIRST_QUESTION
        return replace(self, answers=self.answers[:place] + code + self.answers[place + 1 :])

    def clear(self, step: int) -> "Draft":
        """The draft with that step not answered."""
        return self.fill(step, _EMPTY * (_AREA if step == AREA_STEP else 1))


def begin_draft(hour: int, questions: int) -> Draft:
    """A new draft with no answers, for a set of that many questions."""
    return Draft(
        nonce=_base64(secrets.token_bytes(_NONCE * 3 // 4)),
        hour=_base64(hour.to_bytes(_HOUR * 3 // 4, "big")),
        area=_EMPTY * _AREA,
        age=_EMPTY,
        answers=_EMPTY * questions,
    )


class DraftSigner:
    """Signs drafts and opens what it signed.

    `key` is at least 16 secret bytes (ValueError). `meaning` is everything that a draft's
    codes stand for: under any other meaning the seal does not open.
    """

    def __init__(self, key: bytes, meaning: str, questions: int) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key that signs check-ins needs at least {KEY_BYTES} bytes")
        self._key = hmac.digest(key, b"check-in draft 1 " + meaning.encode(), hashlib.sha256)
        self._widths = (1, _NONCE, _HOUR, _AREA, 1, questions)

    def seal(self, action: str, draft: Draft) -> str:
        """One character of action, the draft, and a signature of 96 bits over both: ASCII."""
        body = action + draft.nonce + draft.hour + draft.area + draft.age + draft.answers
        return body + self._sign(body)

    def open(self, sealed: str) -> tuple[str, Draft] | None:
        """The action and the draft, or None for a text that this did not seal."""
        body, signature = sealed[:-_SIGNATURE], sealed[-_SIGNATURE:]
        if not hmac.compare_digest(_bytes(signature), _bytes(self._sign(body))):
            return None
        # Signed, so the body has the shape that `seal` gave it.
        fields = []
        for width in self._widths:
            fields.append(body[:width])
            body = body[width:]
        return fields[0], Draft(*fields[1:])

    def stub(self, draft: Draft) -> Stub:
        """The draft's stub: the same whichever of its buttons was pressed."""
        spent = hmac.digest(self._key, b"stub " + _bytes(draft.nonce), hashlib.sha256)
        return Stub(spent.hex()[:16], draft.hour_begun() % TURNS)

    def _sign(self, body: str) -> str:
        return _base64(hmac.digest(self._key, _bytes(body), hashlib.sha256))[:_SIGNATURE]


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii")


def _bytes(text: str) -> bytes:
    # A tap can be any text at all, half of a surrogate pair too, and must not raise.
    return text.encode("utf-8", "surrogatepass")
