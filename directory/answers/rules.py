"""Rules for what can be settled without judging words: a value that is named, a kind that differs.

Pure functions of what was read. Must never take silence about a value for a yes or a no.
"""

import re
from collections.abc import Mapping, Set

import numpy as np
from numpy.typing import NDArray

from directory.answers.comparisons import COMPARED, compare, names_values
from directory.answers.reading import ReadListing, ReadQuestion

# These concepts only say again which value is meant: a question of any other kind is judged by
# its words.
_VALUE_CONCEPTS = frozenset({"frequency", "holidays", "language", "cost"})
# An age may be told by the way.
_NEED_NOT_BE_GIVEN = frozenset({"age"})
_ASSISTANCE = re.compile(r"\b(?:guide|assistance|hearing|service|support) dogs?\b", re.I)
_DOG = re.compile(r"\bdogs?\b", re.I)
_EXCLUSIVE = re.compile(r"\b(?:only|except|no)\b", re.I)
# One kind of animal says nothing of another; "pets" and "animals" are all of them.
_ANIMALS = {
    "dog": re.compile(
        r"\b(?:dogs?|pup\w*|labradors?|whippets?|terriers?|spaniels?|collies?|greyhounds?|mutts?)\b",
        re.I,
    ),
    "cat": re.compile(r"\b(?:cats?|kittens?)\b", re.I),
    "other": re.compile(r"\b(?:rabbits?|hamsters?|guinea pigs?|birds?|parrots?|ponies|horses?)\b"),
    "any": re.compile(r"\b(?:pets?|animals?)\b", re.I),
}
_WAY = re.compile(
    r"\b(?:far|get (?:there|to (?:it|them))|directions|nearest|bus(?:es)?|train|tram)\b"
)
_EITHER_WAY = re.compile(
    r"\b(?:may (?:vary|change|differ)|var(?:y|ies)|depend(?:s|ing)?|unless|although|sometimes?"
    r"|if needed|where possible|(?<=\w )if you(?: would|['’]d)? (?:like|want|wish)"
    r"|some (?:work|of|roles?|classes|sessions) (?:\w+ )?(?:can|may|are))\b",
    re.I,
)


def compare_values(question: ReadQuestion, listing: ReadListing) -> NDArray[np.int8] | None:
    """Each of n statements against the values that a yes-or-no question names: (n, COMPARED).

    None if it names none, or asks about something else too.
    """
    if question.is_open or not set(question.concepts) <= _VALUE_CONCEPTS:
        return None
    named = names_values(question.text)
    if not any(named) or ("cost" in question.concepts and not named[COMPARED.index("amount")]):
        return None
    return np.array(
        [compare(question.text, statement.text) for statement in listing.statements], np.int8
    )


def names_what_must_be_given(question: ReadQuestion) -> bool:
    """Whether the question names a value without which a statement cannot answer it."""
    named = names_values(question.text)
    return any(
        is_named and name not in _NEED_NOT_BE_GIVEN
        for name, is_named in zip(COMPARED, named, strict=True)
    )


def differs_in_kind(question: ReadQuestion, evidence: str) -> bool:
    """Whether a question for one kind of animal meets evidence of another, and no more.

    A question for dogs is not answered by assistance dogs, nor one for cats by dogs.
    """
    asked, given = (
        {kind for kind, words in _ANIMALS.items() if words.search(text)}
        for text in (question.text, evidence)
    )
    if asked and given and not given & {*asked, "any"} and "any" not in asked:
        return True
    if "dogs" not in question.concepts or _ASSISTANCE.search(question.text):
        return False
    assistance = len(_ASSISTANCE.findall(evidence))
    return (
        bool(assistance)
        and len(_DOG.findall(evidence)) <= assistance
        and not _EXCLUSIVE.search(evidence)
    )


def may_go_either_way(statement: str) -> bool:
    """Whether a statement takes no side, as in "times may vary"."""
    return bool(_EITHER_WAY.search(statement))


def asks_for_way(question: str) -> bool:
    """Whether a question asks how to get to the place, or how far it is: the address helps."""
    return bool(_WAY.search(question))


def takes_side(concepts: Set[str], stated: Mapping[str, int]) -> bool:
    """Whether a statement is for or against one of the concepts, not only about it.

    "People who wait for a referral to a food bank" says nothing of a referral to the listing.
    """
    return any(stated.get(name) for name in concepts)
