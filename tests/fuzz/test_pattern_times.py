"""No message of 1,000 letters keeps any of our patterns busy for more than a tenth of a second."""

import importlib
import json
import pkgutil
import re
import re._parser as parser  # type: ignore[import-not-found]
import subprocess
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from bot.messages import MAX_MESSAGE_LENGTH
from bot.settings import ROOT

MAX_SECONDS = 0.1
# Everything that reads a message, or a listing's words as long as one.
PACKAGES = (
    "bot.commands", "bot.responses", "bot.safety", "nlu.understanding", "nlu.actions",
    "directory.text", "directory.places", "directory.recommend", "directory.indexing",
    "directory.search",
)  # fmt: skip


def list_modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        module = importlib.import_module(name)
        yield module
        for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
            yield importlib.import_module(found.name)


def find_patterns(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    """The patterns in a module's constant, however they are nested."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from find_patterns(item, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from find_patterns(item, depth + 1)
    elif depth < 3 and hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        for item in vars(value).values() if hasattr(value, "__dict__") else ():
            yield from find_patterns(item, depth + 1)


def list_patterns() -> list[re.Pattern[str]]:
    patterns = {
        (pattern.pattern, pattern.flags): pattern
        for module in list_modules()
        for value in vars(module).values()
        for pattern in find_patterns(value)
    }
    return list(patterns.values())


def find_literals(pattern: str) -> list[str]:
    """The words that a pattern is made of: what comes closest to matching it again and again."""
    literals: list[str] = []

    def walk(items: Any) -> None:
        word = ""
        for operation, argument in [*items, (None, None)]:
            if operation is parser.LITERAL:
                word += chr(argument)
                continue
            if word:
                literals.append(word)
                word = ""
            for part in argument if isinstance(argument, tuple | list) else ():
                for branch in part if isinstance(part, list) else [part]:
                    if isinstance(branch, parser.SubPattern):
                        walk(branch)

    walk(parser.parse(pattern))
    return list(dict.fromkeys(literals))


def make_hostile_texts(pattern: str) -> list[str]:
    literals = find_literals(pattern)
    longest = sorted(literals, key=len)[-6:]
    repeated = ["a", " ", "a ", "no ", "1", "é", "'", ", ", "-", "not a ", *longest]
    repeated += [f"{word} " for word in longest]
    repeated += [" ".join(literals), " ".join(reversed(literals))]
    texts = [(text * MAX_MESSAGE_LENGTH)[: MAX_MESSAGE_LENGTH - 1] for text in repeated if text]
    return [text + end for text in texts for end in ("!", "x")]


PATTERNS = list_patterns()


def test_patterns_were_found() -> None:
    assert len(PATTERNS) > 60


@pytest.mark.parametrize("pattern", PATTERNS, ids=range(len(PATTERNS)))
def test_a_pattern_is_quick_on_hostile_texts(pattern: re.Pattern[str]) -> None:
    for text in make_hostile_texts(pattern.pattern):
        started = time.process_time()
        for _ in pattern.finditer(text):
            pass
        pattern.fullmatch(text)
        assert time.process_time() - started < MAX_SECONDS, (pattern.pattern[:80], text[:40])


_TIME_ENTITIES = """
import json, sys, time
from nlu.components.entity_patterns import find_entities
slowest = (0, "")
for text in json.load(sys.stdin):
    started = time.process_time()
    list(find_entities(text))
    slowest = max(slowest, (time.process_time() - started, text[:40]))
print(json.dumps(slowest))
"""


def test_entities_are_found_quickly_in_hostile_texts() -> None:
    """All patterns of `entities.yml` together, in Rasa's environment, where they run."""
    content = (ROOT / "nlu" / "components" / "entities.yml").read_text(encoding="utf-8")
    words = sorted(set(re.findall(r"[a-z]{2,}", content)))
    texts = make_hostile_texts("|".join(words))
    texts += [(f"{word} " * MAX_MESSAGE_LENGTH)[:MAX_MESSAGE_LENGTH] for word in words[::4]]
    process = subprocess.run(
        [ROOT / ".venv-rasa" / "bin" / "python", "-c", _TIME_ENTITIES],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    seconds, text = json.loads(process.stdout.splitlines()[-1])
    assert seconds < MAX_SECONDS, text
