"""How a test went, for fixtures that keep something of those that failed."""

from collections.abc import Iterator

import pytest

_FAILED = pytest.StashKey[bool]()


def has_failed(item: pytest.Item) -> bool:
    return item.stash.get(_FAILED, False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report
