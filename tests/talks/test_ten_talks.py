"""Ten ordinary talks, held with the running program, are the ones in the documents.

`make ten-talks` writes them again; read them before you keep them.
"""

import difflib
import os
from pathlib import Path
from typing import Any

import yaml

from bot.settings import ROOT
from tests.support.service import Service, Talk

DOCUMENT = ROOT / "docs" / "explanation" / "ten-talks.md"
_PREFACE = """\
# Ten ordinary talks

What ten residents typed, and all that the program answered, with the example town of Larkhaven. The
listings shown stand with their reasons; buttons are left out. `make ten-talks` writes this page,
and `tests/talks` holds it: what is answered badly here is a fault to mend, not a text to change.
"""


def word_reply(reply: dict[str, Any]) -> str:
    """A reply as Markdown: its text, or the name and the reasons of a listing."""
    if reply["type"] == "listing":
        reasons = ". ".join(reply["reasons"])
        return f"- **{reply['name']}**{': ' + reasons + '.' if reasons else ''}"
    text = str(reply["text"])
    if reply["type"] == "help_lines":
        text += "\n" + "\n".join(f"{line['name']}: {line['contact']}" for line in reply["lines"])
    return "\n".join(line.strip() + "  " for line in text.strip().splitlines()).rstrip()


def hold_talk(talk: Talk, messages: list[str]) -> str:
    """Send the messages one by one; gives them with their replies as Markdown."""
    parts = []
    for message in messages:
        replies = [word_reply(reply) for reply in talk.say(message)]
        assert replies, message
        parts.append(f"> {message}\n\n" + "\n\n".join(replies).replace("\n\n- **", "\n- **"))
    return "\n\n".join(parts)


def hold_all_talks(url: str) -> str:
    """The document: each talk held from its beginning."""
    sections = [_PREFACE]
    for entry in yaml.safe_load((Path(__file__).parent / "ten_talks.yml").read_text("utf-8")):
        talk = Talk(url)
        sections.append(f"## {entry['who']}\n\n{hold_talk(talk, entry['messages'])}\n")
        talk.close()
    return "\n".join(sections)


def test_documented_talks_are_what_the_program_says(service: Service) -> None:
    talks = hold_all_talks(service.url)
    if os.environ.get("CONNECTOR_TEN_TALKS"):
        DOCUMENT.write_text(talks, encoding="utf-8")
    documented = DOCUMENT.read_text(encoding="utf-8")
    changes = difflib.unified_diff(documented.splitlines(), talks.splitlines(), lineterm="", n=1)
    assert documented == talks, "\n".join(changes)
