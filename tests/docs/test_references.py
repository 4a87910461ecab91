"""Every link, path, name, command and setting that a document mentions exists."""

import re
import subprocess

import pytest
from typer.main import get_command

from bot.cli import app
from bot.settings import ROOT, Settings
from bot.web.desk.permissions import SECTIONS

DOCUMENTS = [
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md"))
    if "var" not in path.parts
]
PACKAGES = ("bot", "nlu", "directory", "checkins")
# Environment variables that are no settings of the program itself.
OTHER_VARIABLES = {"CONNECTOR_SHARED_DATA", "CONNECTOR_SCREENSHOTS", "HF_HUB_OFFLINE"}

COMMAND = re.compile(r"(?:^ +|`|bin/)connector ([a-z]+)(?: ([a-z-]+))?", re.M)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def find_quoted(document: str) -> list[str]:
    """The text between backticks, outside fenced blocks, but for files that are to be written."""
    text = re.sub(r"^ *```.*?^ *```", "", read(document), flags=re.M | re.S)
    return re.findall(r"`([^`\n]+)`", re.sub(r"Write `[^`]+`", "", text))


def list_tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split() if (ROOT / name).exists()]


def is_defined(dotted_name: str) -> bool:
    """Whether a dotted name such as `bot.safety.guard.Guard` leads to a module or its member."""
    parts = dotted_name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        members = parts[length:]
        if path.is_dir() and not members:
            return True
        if path.with_suffix(".py").is_file():
            source = path.with_suffix(".py").read_text(encoding="utf-8")
            return all(
                re.search(rf"\b(?:def|class) {name}\b|^ *{name}\b.* = ", source, re.M)
                for name in members
            )
    return False


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name.startswith("docs/")])
def test_the_index_links_every_document(document: str) -> None:
    if document != "docs/README.md":
        assert f"]({document.removeprefix('docs/')})" in read("docs/README.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_to_files_and_headings(document: str) -> None:
    for target, anchor in re.findall(
        r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]+))?\)", read(document)
    ):
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
            slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in headings}
            assert anchor in slugs, f"{target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_quoted_paths_and_names_exist(document: str) -> None:
    for quoted in find_quoted(document):
        if re.fullmatch(r"\.?[a-z][\w.-]*(/[\w*.-]+)+/?", quoted) and not quoted.startswith("var/"):
            first = quoted.split("/")[0]
            if (ROOT / first).exists() or first in PACKAGES:
                path, _, _ = quoted.partition("::")
                assert list(ROOT.glob(path.rstrip("/"))), quoted
        elif re.fullmatch(r"tests/[\w/.-]+::\w+", quoted):
            path, _, name = quoted.partition("::")
            assert f"def {name}(" in read(path), quoted
        elif re.fullmatch(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+", quoted):
            assert is_defined(quoted), quoted


def list_commands() -> list[str]:
    commands = []
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        subcommands = getattr(command, "commands", None)
        commands += (
            [f"{name} {subcommand}" for subcommand in subcommands] if subcommands else [name]
        )
    return commands


@pytest.mark.parametrize("command", list_commands())
def test_the_reference_has_every_command(command: str) -> None:
    assert re.search(rf"^\| `connector {command}\b", read("docs/reference/commands.md"), re.M)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_mentioned_commands_exist(document: str) -> None:
    commands = set(list_commands())
    groups = {command.split()[0] for command in commands if " " in command}
    names = commands | groups
    for first, second in COMMAND.findall(read(document)):
        assert first in names, first
        if first in groups and second:
            assert f"{first} {second}" in commands, f"{first} {second}"
    makefile = read("Makefile")
    for target in re.findall(r"(?:^|`)make ([a-z-]+)", read(document), re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_reference_has_every_setting_and_no_other() -> None:
    explained = re.findall(r"^\| `([A-Z_]+)` \|", read("docs/reference/settings.md"), re.M)
    assert sorted(explained) == sorted(name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_mentioned_settings_exist(document: str) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    prefixes = tuple({name.split("_")[0] + "_" for name in settings})
    for quoted in find_quoted(document):
        name = re.match(r"([A-Z]+(?:_[A-Z]+)+)(?:=|$)", quoted)
        if name and name[1].startswith(prefixes) and name[1] not in OTHER_VARIABLES:
            assert name[1] in settings, name[1]


@pytest.mark.parametrize("section", [section.name for section in SECTIONS])
def test_the_guide_to_the_desk_names_every_section(section: str) -> None:
    assert f"`/desk/{section}`" in read("docs/how-to/use-the-desk.md")


def test_every_document_named_in_code_exists() -> None:
    for name in list_tracked_files():
        if name.endswith((".py", ".yml", ".toml", ".md", "Makefile", ".js", ".html")):
            for document in re.findall(r"(?<![\w./-])docs/[\w/-]+\.md", read(name)):
                assert (ROOT / document).exists(), f"{name} names {document}"


def test_the_architecture_names_every_module() -> None:
    listed = set()
    folder = ""
    for line in read("docs/explanation/architecture.md").splitlines():
        if heading := re.match(r"([a-z]+(?:/[a-z]+)*)/ ", line):
            folder = heading[1]
        elif module := re.match(r"  (\w+\.py) ", line):
            listed.add(f"{folder}/{module[1]}")
    modules = {
        name
        for name in list_tracked_files()
        if name.startswith((*(f"{package}/" for package in PACKAGES), "migrations/"))
        and name.endswith(".py")
        and not name.endswith("__init__.py")
        # Alembic's own: its environments and the steps of the two histories.
        and not re.match("migrations/.+/", name)
    }
    assert listed - {"bot/cli/__init__.py"} == modules


@pytest.mark.parametrize("document", [n for n in DOCUMENTS if n.startswith("docs/decisions/")])
def test_every_decision_has_its_date_and_question(document: str) -> None:
    assert re.search(r"^\*\*Date:\*\* \d", read(document), re.M)
    assert re.search(r"^\*\*Question:\*\* .+", read(document), re.M)
