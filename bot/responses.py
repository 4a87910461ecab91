"""The written copy: responses in Rasa's domain and in `copy.yml` beside this file.

The one place for copy, whether Rasa sends it or the conversation does while Rasa is away.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.messages import MAX_MESSAGE_LENGTH, MAX_TAP_BYTES, Choices, Option, Text
from bot.settings import ROOT

_LEADING_SLASHES = re.compile(r"^[\s/]+")
_TAP = re.compile(r"(?P<intent>[a-z_]+)(?::(?P<slot>[a-z_]+)=(?P<value>.+))?", re.S)


def get_line(name: str, **values: object) -> str:
    """One of the single lines in `copy.yml`, its placeholders filled if there are any values.

    In the file a line break is a space, and an empty line separates paragraphs. Raises KeyError.
    """
    paragraphs = str(_read_copy()["lines"][name]).split("\n\n")
    line = "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)
    return line.format(**values) if values else line


def get_button_label(tap: str) -> str:
    """The label of a button under a card, by its tap without the listing's id."""
    return str(_read_copy()["buttons"][tap])


class Responses:
    """Every response by name (`templates`), and the intents that buttons may send."""

    def __init__(self) -> None:
        self.templates: dict[str, dict[str, Any]] = {}
        self.intents: set[str] = set()
        domain = map(_read_yaml, sorted((ROOT / "nlu" / "domain").glob("*.yml")))
        for content in (*domain, _read_copy()):
            self.intents.update(content.get("intents", ()))
            for name, variants in content.get("responses", {}).items():
                self.templates[name] = variants[0]
        taps_by_label: dict[str, set[str]] = {}
        for template in self.templates.values():
            for button in template.get("buttons", ()):
                taps_by_label.setdefault(button["title"].casefold(), set()).add(button["payload"])
        self._tap_by_label = {
            label: taps.pop()
            for label, taps in taps_by_label.items()
            # The meaning of "yes" and "no" depends on the last question.
            if len(taps) == 1 and label not in {"yes", "no"}
        }

    def find_tap(self, text: str) -> str | None:
        """The tap of the button whose label was typed; None if several taps have that label."""
        return self._tap_by_label.get(text.strip(" .!").casefold())

    def render(self, name: str, **values: str) -> Text | Choices:
        """The response called `name`, its placeholders filled. Raises KeyError."""
        template = self.templates[name]
        return make_reply({**template, "text": template["text"].format(**values)})

    def make_payload(self, tap: str) -> str | None:
        """The tap in Rasa's payload form; None if it names no known intent."""
        match = _TAP.fullmatch(tap)
        if not match or match["intent"] not in self.intents:
            return None
        entities = json.dumps({match["slot"]: match["value"]}) if match["slot"] else ""
        return f"/{match['intent']}{entities}"


def clean_typed_text(text: str) -> str:
    """Typed `text` that is safe to send to Rasa; empty if it has no letter and no digit.

    Rasa would take a text that starts with a slash for a payload, so leading slashes go.
    """
    cleaned = _LEADING_SLASHES.sub("", text).strip()[:MAX_MESSAGE_LENGTH]
    return cleaned if re.search(r"\w", cleaned) else ""


def make_reply(response: Mapping[str, Any]) -> Text | Choices:
    """A response in Rasa's form (`text`, and perhaps `buttons`) as a reply.

    A button's payload is already a tap: braces in it would be slots to Rasa, which logs their
    values. A button over Telegram's limit (a very long place name) is left out.
    """
    options = tuple(
        Option(button["title"], button["payload"])
        for button in response.get("buttons") or ()
        if len(button["payload"].encode()) <= MAX_TAP_BYTES
    )
    text = response["text"]
    return Choices(text, options) if options else Text(text)


@cache
def _read_copy() -> dict[str, Any]:
    return _read_yaml(ROOT / "bot" / "copy.yml")


def _read_yaml(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content
