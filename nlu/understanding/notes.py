"""Whether a message is a note for the team, or says what to do with one."""

import re

from nlu.understanding.patterns import compile_pattern, read_words

_NAMES_NO_FAULT = read_words("framing") | read_words("report_framing")
_GROUP_FACT = compile_pattern(r"{group_fact}")
_NOTE_OFFER = compile_pattern(r"\b{note_offer}\b")
_CHANGE_NOTE = compile_pattern(r"\W*{change_note}\W*")
_SEND_NOTE = compile_pattern(r"{send_note}")


def describes_fault(text: str, name: str = "") -> bool:
    """Whether `text` says what is wrong with the listing of this `name`, rather than that it is.

    Any word counts that neither belongs to the name nor only reports a fault.
    """
    words, known = _list_words(text), _list_words(name)
    return bool(words - known - _NAMES_NO_FAULT)


def describes_group(text: str) -> bool:
    """Whether `text` describes a group, and so is a suggestion by itself."""
    return bool(_GROUP_FACT.search(text))


def offers_note(text: str) -> bool:
    """Whether `text` offers to leave a note."""
    return bool(_NOTE_OFFER.search(text))


def asks_to_change_note(text: str) -> bool:
    """Whether `text` asks to change the note before it is sent."""
    return bool(_CHANGE_NOTE.fullmatch(text))


def agrees_to_send(text: str) -> bool:
    """Whether `text` is nothing but a yes to sending the note."""
    return bool(_SEND_NOTE.fullmatch(text.strip(" .,!")))


def join_notes(note: str | None, addition: str) -> str:
    """The `note` so far and what is added to it, as sentences."""
    return ". ".join(filter(None, [(note or "").strip().rstrip("."), addition.strip()]))


def _list_words(text: str) -> set[str]:
    return set(re.findall(r"[\w']+", text.casefold()))
