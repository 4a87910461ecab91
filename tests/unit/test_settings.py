"""Settings that are checked before anything starts."""

import pytest
from pydantic import ValidationError

from bot.settings import Settings


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("", ""),
        ("https://connector.example", "https://connector.example"),
        ("https://Connector.example:443/", "https://connector.example"),
        ("http://192.168.1.5:8080", "http://192.168.1.5:8080"),
        ("https://council.example/connector/", "https://council.example/connector"),
    ],
)
def test_the_public_address_is_written_as_browsers_write_it(written: str, address: str) -> None:
    assert Settings(web_base_url=written).web_base_url == address


@pytest.mark.parametrize(
    "written",
    ["connector.example", "ftp://connector.example", "https://", "https://x.example/?a=b"],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="web_base_url"):
        Settings(web_base_url=written)
