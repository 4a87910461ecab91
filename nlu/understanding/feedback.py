"""Whether a message says that the chat was useful."""

from directory.notes import Useful
from nlu.understanding.patterns import compile_pattern

# In this order: "not bad" must not count as "bad", nor "not good" as "good".
_PATTERNS: tuple[tuple[str, Useful], ...] = (
    ("useful_in_between", "in between"),
    ("useful_no_complaint", "yes"),
    ("useful_no", "no"),
    ("useful_yes", "yes"),
)
_USEFUL = tuple((compile_pattern(rf"\b{{{name}}}\b"), useful) for name, useful in _PATTERNS)


def read_usefulness(text: str) -> Useful | None:
    """What `text` plainly says about the chat's use; None if it does not say."""
    return next((useful for pattern, useful in _USEFUL if pattern.search(text)), None)
