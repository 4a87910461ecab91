"""Finds in a person's own words what they want, what they refuse and what they could give.

Rasa's intent says what a message is for, but not which of its words mean the opposite. Every
function is pure and takes text with straight apostrophes. Must never guess: words that match
no pattern count as wanted.
"""

import re
from dataclasses import dataclass

from nlu.understanding.patterns import compile_pattern, read_words


def _build_lookbehinds(words_name: str) -> str:
    """A look-behind for each word, because Python allows no look-behind of varying width."""
    return "".join(rf"(?<!\b{word} )" for word in sorted(read_words(words_name)))


_NOT_AFTER_BEING = _build_lookbehinds("being_words")
_NOT_AFTER_HAVING = _build_lookbehinds("having_words")
_REFUSAL = compile_pattern(
    r"\b(?:but )?(?:i(?:'m| am|m)? )?"
    rf"(?:{_NOT_AFTER_BEING}not|{_NOT_AFTER_HAVING}no(?! one\b)|{{refusal}})"
    r"(?: {refusal_filler})*"
    r" (?P<thing>(?!{refusal_end}\b)[\w'-]+(?:[ ](?!{refusal_end}\b)[\w'-]+){0,3})"
)
_NOT_REFUSABLE = read_words("not_refusable")
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
_NOT_THERE = compile_pattern(r"\b{not_there}\b")
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


def read_utterance(text: str) -> Utterance:
    """Sort the words of `text` into what they want, refuse and offer. Never raises."""
    changed_mind = bool(_CHANGE_OF_MIND.search(text))
    rest = _CHANGE_OF_MIND.sub(" ", text)
    refused: list[str] = []

    def take_out(refusal: re.Match[str]) -> str:
        words = [word for word in refusal["thing"].split() if word.lower() not in _ANY_LISTING]
        if not words or words[0].lower() in _NOT_REFUSABLE:
            return refusal[0]
        refused.append(" ".join(words))
        return ","

    rest = _REFUSAL.sub(take_out, rest)
    wanted: list[str] = []
    offered: list[str] = []
    for clause in _CLAUSE_END.split(rest):
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
        accepted=rest,
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


def keeps_away(text: str) -> bool:
    """Whether the words say "not there" of the place that they name."""
    return bool(_NOT_THERE.search(text))


def declines_to_answer(text: str) -> bool:
    """Whether the words answer "What are you good at?" with nothing."""
    return bool(_NOTHING.fullmatch(text))


def _asks_for_something(clause: str) -> bool:
    """Whether a clause holds more than words that join sentences and frame a wish."""
    return bool(set(re.findall(r"[\w']+", clause.lower())) - _FRAMING)
