"""The rate limit of a client, and how little it stores."""

import pytest

from bot.web.limits import RateLimit

HOME = "198.51.100.7"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_client_is_limited_to_a_burst(clock: Clock) -> None:
    limit = RateLimit(3, clock)
    assert [limit.count_request(HOME) for _ in range(3)] == [0, 0, 0]
    assert limit.count_request(HOME) == pytest.approx(20)
    assert limit.count_request("203.0.113.9") == 0


def test_refused_messages_do_not_count_and_the_bucket_refills(clock: Clock) -> None:
    limit = RateLimit(3, clock)
    for _ in range(50):
        limit.count_request(HOME)
    clock.now += 20
    assert limit.count_request(HOME) == 0
    assert limit.count_request(HOME) > 0
    clock.now += 60
    assert [limit.count_request(HOME) for _ in range(3)] == [0, 0, 0]


def test_zero_is_no_limit(clock: Clock) -> None:
    limit = RateLimit(0, clock)
    assert not any(limit.count_request(HOME) for _ in range(1000))
    assert len(limit) == 0


def test_a_client_is_forgotten_a_minute_after_its_last_message(clock: Clock) -> None:
    limit = RateLimit(60, clock)
    for number in range(100):
        limit.count_request(f"198.51.100.{number}")
    assert len(limit) == 100
    clock.now += 61
    limit.count_request("203.0.113.9")
    assert len(limit) == 1


def test_an_ipv4_client_is_itself_in_ipv6_form_too(clock: Clock) -> None:
    limit = RateLimit(1, clock)
    clients = [f"::ffff:198.51.100.{number}" for number in range(1, 71)]
    assert not any(limit.count_request(client) for client in clients)
    assert limit.count_request("198.51.100.70") > 0
    assert limit.count_request("::ffff:c633:6446") > 0  # the same in hexadecimal


def test_an_ipv6_network_is_one_client(clock: Clock) -> None:
    limit = RateLimit(1, clock)
    assert limit.count_request("2001:db8:1:2::1") == 0
    assert limit.count_request("2001:db8:1:2:ffff::2") > 0
    assert limit.count_request("2001:db8:1:3::1") == 0


def test_no_address_is_stored_and_hashes_differ_between_processes(clock: Clock) -> None:
    one, other = RateLimit(5, clock), RateLimit(5, clock)
    for limit in (one, other):
        limit.count_request(HOME)
    kept = [repr(vars(limit)) for limit in (one, other)]
    assert all(HOME not in text and HOME.encode().hex() not in text for text in kept)
    assert not set(one._full_at) & set(other._full_at)
