"""A check-in in progress, which travels in the buttons of the person who fills it in.

Owns the signed text of a draft: short, and dated by the hour. Must never store a draft, or
trust one without a valid signature.
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

#: The number of turns. A turn is only used again long after its last drafts have expired.
TURNS = 8


def current_hour() -> int:
    """Whole hours since 1970."""
    return int(time.time()) // 3600


@dataclass(frozen=True)
class Stub:
    """The record of a sent draft in the database, which prevents sending it twice.

    `text` is a keyed hash of the draft's nonce, cut to 64 bits: 16 hexadecimal characters.
    `turn` is the hour in which the draft was begun, modulo 8: it shows which stubs are old, but
    not a time.
    """

    text: str
    turn: int


def list_active_turns(hour: int) -> tuple[int, ...]:
    """The turns of drafts that may still be sent around that hour.

    Includes one hour more on each side than drafts live for, because clocks differ between
    processes.
    """
    return tuple(begun % TURNS for begun in range(hour - 2, hour + 2))


@dataclass(frozen=True)
class Draft:
    """The answers so far, as text fields of fixed width; an underscore is an empty character.

    `nonce` is random and identifies the draft; `hour` is when it was begun. Step 0 is the area
    (two digits: its position in the list), step 1 the age band (one character), and the steps
    from 2 on are the questions (one character each).
    """

    nonce: str
    hour: str
    area: str
    age: str
    answers: str

    def hour_begun(self) -> int:
        """When the draft was begun, in whole hours since 1970."""
        return int.from_bytes(base64.urlsafe_b64decode(self.hour), "big")

    def next_step(self) -> int | None:
        """The first step without an answer, or None if all steps have one."""
        if self.area.startswith(_EMPTY):
            return AREA_STEP
        if self.age == _EMPTY:
            return AGE_STEP
        position = self.answers.find(_EMPTY)
        return None if position < 0 else FIRST_QUESTION + position

    def fill(self, step: int, code: str) -> "Draft":
        """The draft with that step answered by `code`."""
        if step == AREA_STEP:
            return replace(self, area=code)
        if step == AGE_STEP:
            return replace(self, age=code)
        position = step - FIRST_QUESTION
        answers = self.answers[:position] + code + self.answers[position + 1 :]
        return replace(self, answers=answers)

    def clear(self, step: int) -> "Draft":
        """The draft without an answer to that step."""
        return self.fill(step, _EMPTY * (_AREA if step == AREA_STEP else 1))


def begin_draft(hour: int, questions: int) -> Draft:
    """A new draft without answers, for a set of that many questions."""
    return Draft(
        nonce=_base64(secrets.token_bytes(_NONCE * 3 // 4)),
        hour=_base64(hour.to_bytes(_HOUR * 3 // 4, "big")),
        area=_EMPTY * _AREA,
        age=_EMPTY,
        answers=_EMPTY * questions,
    )


class DraftSigner:
    """Signs drafts, and reads back the drafts that it signed.

    `key` is at least 16 secret bytes, or ValueError is raised. `meaning` describes everything
    that the codes of a draft stand for: a draft signed under another meaning is refused.
    """

    def __init__(self, key: bytes, meaning: str, questions: int) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key that signs check-ins needs at least {KEY_BYTES} bytes")
        self._key = hmac.digest(key, b"check-in draft 1 " + meaning.encode(), hashlib.sha256)
        self._widths = (1, _NONCE, _HOUR, _AREA, 1, questions)

    def sign(self, action: str, draft: Draft) -> str:
        """ASCII: one character of action, the draft, and a signature of 96 bits over both."""
        body = action + draft.nonce + draft.hour + draft.area + draft.age + draft.answers
        return body + self._make_signature(body)

    def unsign(self, signed: str) -> tuple[str, Draft] | None:
        """The action and the draft, or None for a text without a valid signature."""
        body, signature = signed[:-_SIGNATURE], signed[-_SIGNATURE:]
        if not hmac.compare_digest(_encode(signature), _encode(self._make_signature(body))):
            return None
        # The signature is valid, so the body has the form that `sign` gave it.
        fields = []
        for width in self._widths:
            fields.append(body[:width])
            body = body[width:]
        return fields[0], Draft(*fields[1:])

    def make_stub(self, draft: Draft) -> Stub:
        """The draft's stub, which is the same for all of its buttons."""
        digest = hmac.digest(self._key, b"stub " + _encode(draft.nonce), hashlib.sha256)
        return Stub(digest.hex()[:16], draft.hour_begun() % TURNS)

    def _make_signature(self, body: str) -> str:
        return _base64(hmac.digest(self._key, _encode(body), hashlib.sha256))[:_SIGNATURE]


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii")


def _encode(text: str) -> bytes:
    # A tap can be any text, even half a surrogate pair, and must not raise.
    return text.encode("utf-8", "surrogatepass")
