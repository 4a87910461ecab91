"""What can be said that is written down: Rasa's domain, and `copy.yml` beside this file.

One place for copy, whether Rasa says it or the conversation does while Rasa is away.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.messages import MOST_CHARACTERS, TAP_BYTES, Choices, ListingCard, Option, Text
from bot.settings import ROOT

_SLASHES = re.compile(r"^[\s/]+")
_TAP = re.compile(r"(?P<intent>[a-z_]+)(?::(?P<slot>[a-z_]+)=(?P<value>.+))?", re.S)


@cache
def _copy() -> dict[str, Any]:
    return _read(ROOT / "bot" / "copy.yml")


def line(name: str, **values: object) -> str:
    """One of the single lines in `copy.yml`, its blanks filled if any values are given.

    A line break in the file is a space, an empty line one between paragraphs. Raises KeyError.
    """
    paragraphs = str(_copy()["lines"][name]).split("\n\n")
    told = "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)
    return told.format(**values) if values else told


class Wording:
    """Every written response by name, and the intents that buttons may send."""

    def __init__(self) -> None:
        self.responses: dict[str, dict[str, Any]] = {}
        self.intents: set[str] = set()
        copy = _copy()
        for content in (*map(_read, sorted((ROOT / "nlu" / "domain").glob("*.yml"))), copy):
            self.intents.update(content.get("intents", ()))
            for name, variants in content.get("responses", {}).items():
                self.responses[name] = variants[0]
        self._buttons: dict[str, str] = copy["buttons"]
        labels: dict[str, set[str]] = {}
        for response in self.responses.values():
            for button in response.get("buttons", ()):
                labels.setdefault(button["title"].casefold(), set()).add(button["payload"])
        # "Yes" and "no" answer whatever was asked last.
        self._labels = {
            label: taps.pop()
            for label, taps in labels.items()
            if len(taps) == 1 and label not in {"yes", "no"}
        }

    def read_label(self, text: str) -> str | None:
        """The tap of the button whose words were typed, if it is always the same."""
        return self._labels.get(text.strip(" .!").casefold())

    def say(self, name: str, **values: str) -> Text | Choices:
        """The response called `name`, its blanks filled. Raises KeyError if there is none."""
        response = self.responses[name]
        return make_reply({**response, "text": response["text"].format(**values)})

    def make_card(self, payload: Mapping[str, Any]) -> ListingCard:
        """The card in the payload of a Rasa action. Raises KeyError or TypeError if it is none."""
        fields = {key: value for key, value in payload.items() if key not in {"type", "taps"}}
        fields["reasons"] = tuple(fields["reasons"])
        fields["options"] = self._name(payload["taps"])
        fields["asides"] = self._name(payload.get("asides", ()))
        if fields.get("point"):
            fields["point"] = tuple(fields["point"])
        return ListingCard(**fields)

    def _name(self, taps: Iterable[str]) -> tuple[Option, ...]:
        return tuple(Option(self._buttons[tap.partition("=")[0]], tap) for tap in taps)

    def payload_of(self, tap: str) -> str | None:
        """The tap as Rasa reads it, or None if it names no intent that we know."""
        match = _TAP.fullmatch(tap)
        if not match or match["intent"] not in self.intents:
            return None
        slots = json.dumps({match["slot"]: match["value"]}) if match["slot"] else ""
        return f"/{match['intent']}{slots}"


def keep_words(text: str) -> str:
    """Typed `text` as Rasa may have it: never with a slash first, which would make it a payload.

    Empty where there is no letter and no digit.
    """
    kept = _SLASHES.sub("", text).strip()[:MOST_CHARACTERS]
    return kept if re.search(r"\w", kept) else ""


def make_reply(response: Mapping[str, Any]) -> Text | Choices:
    """A response in Rasa's form (`text`, and perhaps `buttons`) as a reply.

    A button's payload is a tap already: Rasa takes braces for slots, and logs what is in
    them. One over Telegram's limit (a very long place name) is left out.
    """
    options = tuple(
        Option(button["title"], button["payload"])
        for button in response.get("buttons") or ()
        if len(button["payload"].encode()) <= TAP_BYTES
    )
    text = response["text"]
    return Choices(text, options) if options else Text(text)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
