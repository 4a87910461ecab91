"""The documents are true: settings, commands, pictures, terms and privacy properties."""

import re
import subprocess

import pytest
from typer.main import get_command

from bot.cli import app
from bot.responses import Wording
from bot.settings import ROOT, Settings
from directory.desk import models  # noqa: F401
from directory.models import Base

DOCS = ROOT / "docs"
MARKDOWN = [
    "README.md",
    "CONTRIBUTING.md",
    "GLOSSARY.md",
    *(str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md")),
]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_every_setting_is_explained(name: str) -> None:
    assert f"| `{name}` |" in read("docs/reference/settings.md")


def test_no_setting_is_explained_that_is_gone() -> None:
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/reference/settings.md"), re.M))
    assert explained == {name.upper() for name in Settings.model_fields}


def commands() -> list[str]:
    names = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        names += [f"{name} {one}" for one in below] if below else [name]
    return names


@pytest.mark.parametrize("command", commands())
def test_every_command_is_explained(command: str) -> None:
    assert f"connector {command}" in read("docs/reference/commands.md")


def test_every_privacy_property_names_a_function_and_a_test_that_exist() -> None:
    rows = re.findall(
        r"^\| (\d\w?) \| .+? \| `(.+?)` \| `(.+?)` \|", read("docs/explanation/privacy.md"), re.M
    )
    assert [number for number, _, _ in rows] == "1 2 3 4 4a 4b 4c 5 6 6a 7".split()
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
    kept = {name for name in Base.metadata.tables if name.startswith("desk_")}
    assert len(kept) >= 5
    assert named == kept | {"note", "feedback", "unmet_need", "quarantined_row"}


def test_every_privacy_line_of_the_chat_names_a_test_that_exists() -> None:
    text = Wording().responses["utter_ask_privacy"]["text"]
    said = [line.strip() for line in text.strip().splitlines()]
    section = read("docs/explanation/privacy.md").partition("## What the chat says about privacy")[
        2
    ]
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \|$", section, re.M)
    assert [line for line, _ in rows] == said
    assert len(said) == 5
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


@pytest.mark.parametrize("document", [str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md")])
def test_every_document_is_linked_from_the_index(document: str) -> None:
    if document != "docs/README.md":
        assert f"]({document.removeprefix('docs/')})" in read("docs/README.md")


@pytest.mark.parametrize("document", MARKDOWN)
def test_relative_links_lead_to_files(document: str) -> None:
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", read(document)):
        assert (folder / target).exists(), target


def test_every_document_named_in_code_exists() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in tracked:
        if name.endswith((".py", ".yml", ".toml", ".md", "Makefile", ".js", ".html")):
            for document in re.findall(r"(?<![\w./-])docs/[\w/-]+\.md", read(name)):
                assert (ROOT / document).exists(), f"{name} names {document}"


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
