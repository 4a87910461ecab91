"""The written examples that the topics are learnt from: `topics.yml`.

Every phrase in it was written for this project. Must never hold what a person or a source wrote.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True)
class Topic:
    """`words` are everyday names for it; `asks` and `offers` are examples of how people write.

    `gives` is whether its asks come from people who want to help.
    """

    name: str
    gives: bool
    words: tuple[str, ...]
    asks: tuple[str, ...]
    offers: tuple[str, ...]


@cache
def load_topics() -> tuple[Topic, ...]:
    """The topics in the order of the file, which is that of every array of a `TopicModel`."""
    return tuple(
        Topic(
            name=name,
            gives=topic.get("gives", False),
            words=tuple(topic["words"].split(", ")),
            asks=tuple(topic["asks"].splitlines()),
            offers=tuple(topic["offers"].splitlines()),
        )
        for name, topic in _load_document()["topics"].items()
    )


def load_multi_topic_asks() -> list[tuple[tuple[str, ...], str]]:
    """Asks that mean several topics at once: the names of the topics, and the ask."""
    return [
        (tuple(group["topics"]), ask)
        for group in _load_document()["together"]
        for ask in group["asks"].splitlines()
    ]


def load_giving_examples() -> list[tuple[bool, str]]:
    """Lines in much the same words, from people who offer help (True) and who seek it (False)."""
    document = _load_document()
    return [
        (is_offer, line)
        for is_offer, name in ((True, "offering"), (False, "seeking"))
        for line in document[name].splitlines()
    ]


@cache
def _load_document() -> dict[str, Any]:
    text = files("directory.indexing").joinpath("topics.yml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document
