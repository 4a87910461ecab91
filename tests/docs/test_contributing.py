"""The worked examples of CONTRIBUTING.md fit the code: every changed line is there to change."""

import re
import textwrap
from typing import Any

import pytest

from bot.settings import ROOT

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```", re.M | re.S)
BLOCKS = [
    (language, textwrap.dedent(text))
    for _, language, text in _BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
]
EDITS = [text for language, text in BLOCKS if language == "diff"]
NEW_MODULES = {
    text.splitlines()[0].removeprefix("# "): text
    for language, text in BLOCKS
    if language == "python"
}


def run(name: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(compile(NEW_MODULES[name], name, "exec"), namespace)  # noqa: S102
    return namespace


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.splitlines()[0])
def test_the_lines_around_every_edit_exist(edit: str) -> None:
    header, *lines = edit.splitlines()
    context = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    source = (ROOT / header.removeprefix("--- ")).read_text(encoding="utf-8")
    assert context.strip("\n") in source


def test_the_new_source_reads_a_feature() -> None:
    geojson = run("directory/sources/geojson.py")
    tests = NEW_MODULES["tests/unit/test_geojson.py"].replace(
        "from directory.sources import geojson\n", ""
    )
    namespace = {"geojson": type("geojson", (), {"read_rows": staticmethod(geojson["read_rows"])})}
    exec(tests, namespace)  # noqa: S102
    ran = [check() for name, check in namespace.items() if name.startswith("test_")]
    assert len(ran) == 2


def test_the_new_page_of_the_desk_can_be_mounted() -> None:
    page = run("bot/web/desk/usefulness.py")
    router = page["create_usefulness_router"](desk_services=None)
    assert [route.path for route in router.routes] == ["/usefulness"]
