"""Whether a message is a note for the team, or says what to do with one."""

from nlu.understanding.patterns import compile_pattern

_FAULT = compile_pattern(r"\b{fault}\b")
_GROUP_FACT = compile_pattern(r"{group_fact}")
_NOTE_OFFER = compile_pattern(r"\b{note_offer}\b")
_CHANGE_NOTE = compile_pattern(r"\W*{change_note}\W*")
_SEND_NOTE = compile_pattern(r"{send_note}")


def describes_fault(text: str) -> bool:
    """Whether `text` says what is wrong with a listing, and so is a report by itself."""
    return bool(_FAULT.search(text))


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
