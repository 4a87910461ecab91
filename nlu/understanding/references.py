"""Which of the listings shown before a message refers to: by id, by order or by name."""

import re
from collections.abc import Sequence

from directory.indexing.words import find_stems

THIS = "this"
"""The value of a reference to the listing last looked at."""
ORDINALS = {"1": 0, "2": 1, "3": 2, "4": 3, "last": -1}
"""Values of the entity `listing` that give a position, and the index of each."""

_LISTING_ID = re.compile(r"#([0-9]{1,18})")


def is_tapped_reference(value: str) -> bool:
    """Whether the value of an entity comes from a button under a listing."""
    return value.startswith("#")


def read_listing_id(value: str) -> int | None:
    """The id in a button's value, such as 12 in "#12"."""
    listing_id = _LISTING_ID.fullmatch(value)
    return int(listing_id[1]) if listing_id else None


def choose_name(names: Sequence[str], ordinal: str, text: str) -> int | None:
    """The index of the name that `ordinal` or the words of `text` refer to; None if unclear."""
    if ordinal in ORDINALS:
        index = ORDINALS[ordinal]
        return index % len(names) if -len(names) <= index < len(names) else None
    if len(names) == 1:
        return 0
    words = set(find_stems(text))
    shared = [len(words.intersection(find_stems(name))) for name in names]
    most = max(shared, default=0)
    return shared.index(most) if most > 0 and shared.count(most) == 1 else None
