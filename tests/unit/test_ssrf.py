"""Which addresses count as public, and how addresses are quoted without secrets."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.errors import SourceError
from directory.sources.detect import name_source
from directory.sources.http_client import parse_url, redact_url
from directory.sources.ssrf import is_public_address

PRIVATE = """
127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254
100.64.0.1 192.0.2.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255
192.0.0.192 192.88.99.2 192.175.48.1 233.252.0.1 168.63.129.16 100.100.100.200 fd00:ec2::254
:: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 fec0::1 2001:db8::1 64:ff9b:1::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1::
2002:a00:1:: 2002:808:808:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 nonsense
100::1 100:0:0:1::1 2001:1::1 2001:20::1 2001:30::1 2620:4f:8000::1 3fff::1 3fff:fff::1 5f00::1
4000::1 a000::1 ::ffff:168.63.129.16 64:ff9b::a83f:8110 ::7f00:1 ::ffff:0:7f00:1
""".split()
PUBLIC = """
8.8.8.8 93.184.216.34 168.63.129.17
2606:4700::1111 2001:200::1 3ffe::1 ::ffff:8.8.8.8 64:ff9b::808:808
""".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public_address(address)


@given(st.ip_addresses(v=4))
def test_an_embedded_ipv4_address_is_judged_as_itself(address):
    number = int(address)
    for outer in (ipaddress.IPv6Address((0xFFFF << 32) | number), number | (0x64FF9B << 96)):
        assert is_public_address(str(ipaddress.ip_address(outer))) == is_public_address(
            str(address)
        )


@pytest.mark.parametrize(
    "address",
    ["ftp://example.org", "file:///etc/passwd", "javascript:alert(1)", "//x", "", "http://", "x"],
)
def test_only_http_and_https_are_accepted(address):
    with pytest.raises(SourceError):
        parse_url(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://xn--a/",
        "http://xn--a.example/feed.json",
        "http://user:pa/SECRET@h/",
        "http://user:SECRET/x@h/",
        "user:SECRET@h/",
        "ftp://user:SECRET@h/",
    ],
)
def test_an_error_does_not_quote_an_invalid_url(address):
    with pytest.raises(SourceError) as failure:
        parse_url(address)
    message = str(failure.value)
    assert not any(part in message for part in ("SECRET", "user", "pa'", "xn--", "\n"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://user:pa/SECRET@h/", "feed"),
        ("http://user:12/SECRET@h/", "user"),
        ("http://me:SECRET@feed.example:8080/x", "feed.example:8080"),
        ("https://feed.example/x", "feed.example"),
        ("http://xn--a/", "feed"),
    ],
)
def test_a_source_name_never_contains_a_password(address, name):
    assert name_source(address) == name


def test_a_redacted_url_has_no_secrets():
    assert (
        redact_url(parse_url("https://me:pw@example.org/api?key=s3cret#x"))
        == "https://example.org/api"
    )
