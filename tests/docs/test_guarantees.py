"""Every guarantee that a document makes names a function and a test that exist."""

import re

from bot.responses import Responses
from bot.settings import ROOT
from directory.desk import models  # noqa: F401
from directory.models import Base


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_privacy_property_names_a_function_and_a_test_that_exist() -> None:
    rows = re.findall(
        r"^\| (\d\w?) \| .+? \| `(.+?)` \| `(.+?)` \|", read("docs/explanation/privacy.md"), re.M
    )
    assert [number for number, _, _ in rows] == "1 2 2a 3 3a 4 4a 4b 4c 4d 5 6 6a 7".split()
    for _, function, guard in rows:
        module, _, name = re.sub(r"\.[A-Z]\w+(?=\.)", "", function).rpartition(".")
        path = ROOT / (module.replace(".", "/") + ".py")
        assert re.search(rf"\b(def|class|=) ?{name}\b|\b{name} =", path.read_text()), function
        test_file, _, test = guard.partition("::")
        assert f"def {test}(" in read(test_file), guard


def test_privacy_names_every_table_about_people_and_for_how_long() -> None:
    section = read("docs/explanation/privacy.md").partition("## What the desk stores")[2]
    rows = re.findall(r"^\| (`.+?`) \| .+ \| .+ \| .+ \|$", section, re.M)
    named = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    tables = {name for name in Base.metadata.tables if name.startswith("desk_")}
    assert len(tables) >= 5
    assert named == tables | {"note", "feedback", "unmet_need", "quarantined_row"}


def test_every_privacy_line_of_the_chat_names_a_test_that_exists() -> None:
    text = Responses().templates["utter_ask_privacy"]["text"]
    lines = [line.strip() for line in text.strip().splitlines()]
    document = read("docs/explanation/privacy.md")
    section = document.partition("## What the chat says about privacy")[2]
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \|$", section, re.M)
    assert [line for line, _ in rows] == lines
    assert len(lines) == 5
    for _, guard in rows:
        test_file, _, test = guard.partition("::")
        assert f"def {test}(" in read(test_file), guard


def test_every_protection_of_the_desk_names_a_test_that_exists() -> None:
    rows = re.findall(
        r"\| `(test_\w+\.py)::(test_\w+)` \|$", read("docs/explanation/desk-security.md"), re.M
    )
    assert len(rows) >= 15
    for test_file, test in rows:
        assert f"def {test}(" in read(f"tests/desk/{test_file}"), test


def test_every_criterion_of_wcag_names_a_test_that_exists() -> None:
    document = read("docs/explanation/accessibility.md")
    rows = re.findall(r"^\| (\d\.\d\.\d+) .+? \| (A|AA) \| .+? \| `(.+?)` \|$", document, re.M)
    # What WCAG 2.2 has at A and AA: 31 and 24.
    assert len({number for number, _, _ in rows}) == len(rows) == 55
    assert [level for _, level, _ in rows].count("A") == 31
    guards = [guard for _, _, guard in rows] + re.findall(r"\(`(tests/.+?)`\)", document)
    for guard in guards:
        test_file, _, test = guard.partition("::")
        assert f"def {test}(" in read(test_file), guard
