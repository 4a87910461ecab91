"""Finds in a person's own words what they want, what they refuse and what they could give.

Rasa's intent says what a message is for, but not which of its words mean the opposite. Every
function is pure and takes text with straight apostrophes. Must never guess: words that match
no pattern count as wanted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.understanding.negation import Negation, find_negations
from nlu.understanding.patterns import compile_pattern, read_words

_ANY_LISTING = read_words("any_listing")
_CHANGE_OF_MIND = compile_pattern(
    r"^\W*(?:{leading_word}\b\W*)*{change_of_mind}\b\W*(?:{after_change_of_mind}\b\W*)*"
    r"|\binstead\b(?! of)"
)
_OFFER = compile_pattern("{offer}", re.IGNORECASE | re.DOTALL)
_CLAUSE_END = compile_pattern(r"[.;!?\n]+|,|\b(?:but|and|plus|also)\b(?= {clause_start}\b)")
_FRAMING = read_words("framing")
_REQUEST = compile_pattern(r"\b{request}\b")
_OUTRIGHT_REQUEST = compile_pattern(r"\b{outright_request}\b")
_QUESTION = compile_pattern(r"\?\s*$|^\W*(?:{leading_word}\b\W*)*{question}\b")
_CARD = compile_pattern(r"\b{card}")
_WHY = compile_pattern(r"^\W*(?:{leading_word}\b\W*)*{why}")
_NOTHING = compile_pattern(
    r"\W*+(?:{nothing_filler}\b\W*+)*{nothing}\b\W*+(?:(?:{nothing_filler}|{nothing})\b\W*+)*"
)


@dataclass(frozen=True)
class Utterance:
    """What the person's words want, refuse and offer; a text without words is empty.

    `accepted` is the whole text without what it refuses.
    `changed_mind` is True if they take back what they asked for before.
    """

    wanted: str
    refused: str
    offered: str
    changed_mind: bool
    accepted: str


def read_utterance(text: str, negations: Sequence[Negation] | None = None) -> Utterance:
    """Sort the words of `text` into what they want, refuse and offer. Never raises.

    `negations` are those of the same text, found now if they are None. Wishes may be blanked out.
    """
    negations = find_negations(text) if negations is None else negations
    changed_mind = bool(_CHANGE_OF_MIND.search(text))
    rest = _CHANGE_OF_MIND.sub(lambda words: " " * len(words[0]), text)
    refused = [
        thing
        for negation in negations
        if negation.kind == "refused" and (thing := _name_thing(rest, negation))
    ]
    accepted = _collapse(cut_refusals(rest, negations))
    wanted: list[str] = []
    offered: list[str] = []
    for clause in _CLAUSE_END.split(accepted):
        if offer := _OFFER.search(clause):
            offered.append(offer[0].strip())
            clause = clause[: offer.start()]
        wanted.append(clause.strip(" \t\n,-–—'\""))
    return Utterance(
        # A clause that is repeated counts once.
        wanted=", ".join(dict.fromkeys(filter(_asks_for_something, wanted))),
        refused=", ".join(refused),
        offered=", ".join(offered),
        changed_mind=changed_mind,
        accepted=accepted,
    )


def is_outright_request(text: str) -> bool:
    """Whether the words ask for something regardless of the conversation so far."""
    return bool(_OUTRIGHT_REQUEST.search(text))


def is_request(text: str) -> bool:
    """Whether the words ask to be shown something, rather than describe the person."""
    return bool(_REQUEST.search(text))


def asks_question(text: str) -> bool:
    """Whether the words ask us something, in place of answering or telling."""
    return bool(_QUESTION.search(text))


def wants_card(text: str) -> bool:
    """Whether the words ask for all about a listing, rather than for one thing."""
    return bool(_CARD.search(text))


def cut_card_request(text: str) -> str:
    """`text` without the words that ask for all about a listing."""
    return _CARD.sub(" ", text).strip()


def asks_why(text: str) -> bool:
    """Whether the words ask why we ask."""
    return bool(_WHY.search(text))


def declines_to_answer(text: str) -> bool:
    """Whether the words answer "What are you good at?" with nothing."""
    return bool(_NOTHING.fullmatch(text))


def cut_refusals(text: str, negations: Sequence[Negation]) -> str:
    """`text` without what it refuses; a clause whose wish is blanked out goes as well."""
    pieces: list[str] = []
    position = 0
    for negation in negations:
        is_wish = not text[negation.start : negation.end].strip()
        is_refused = negation.kind == "refused" and bool(_name_thing(text, negation))
        if (is_wish or is_refused) and negation.clause_end > position:
            pieces.append(text[position : max(position, negation.clause_start)])
            position = negation.clause_end
    pieces.append(text[position:])
    return ",".join(pieces)


def _name_thing(text: str, negation: Negation) -> str:
    """What is refused, without words that fit any listing."""
    words = re.findall(r"[\w'-]+", text[negation.start : negation.end])
    return " ".join(word for word in words if word.lower() not in _ANY_LISTING)


def _collapse(text: str) -> str:
    return re.sub(r"[^\S\n]+", " ", text).strip()


def _asks_for_something(clause: str) -> bool:
    """Whether a clause holds more than words that join sentences and frame a wish."""
    return bool(set(re.findall(r"[\w']+", clause.lower())) - _FRAMING)
