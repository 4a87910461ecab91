"""The rate limit of a client, and how little it stores."""

import pytest

from bot.connections import find_network
from bot.rate_limit import DAY, RateLimit

HOME = "198.51.100.7"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_client_is_limited_to_a_burst(clock: Clock) -> None:
    limit = RateLimit(3, clock=clock)
    assert [limit.count_request(HOME) for _ in range(3)] == [0, 0, 0]
    assert limit.count_request(HOME) == pytest.approx(20)
    assert limit.count_request("203.0.113.9") == 0


def test_refused_messages_do_not_count_and_the_bucket_refills(clock: Clock) -> None:
    limit = RateLimit(3, clock=clock)
    for _ in range(50):
        limit.count_request(HOME)
    clock.now += 20
    assert limit.count_request(HOME) == 0
    assert limit.count_request(HOME) > 0
    clock.now += 60
    assert [limit.count_request(HOME) for _ in range(3)] == [0, 0, 0]


def test_zero_is_no_limit(clock: Clock) -> None:
    limit = RateLimit(0, clock=clock)
    assert not any(limit.count_request(HOME) for _ in range(1000))
    assert len(limit) == 0


def test_a_client_is_forgotten_a_minute_after_its_last_message(clock: Clock) -> None:
    limit = RateLimit(60, clock=clock)
    for number in range(100):
        limit.count_request(f"198.51.100.{number}")
    assert len(limit) == 100
    clock.now += 61
    limit.count_request("203.0.113.9")
    assert len(limit) == 1


def test_a_limit_of_a_day_refills_evenly(clock: Clock) -> None:
    limit = RateLimit(24, DAY, clock=clock)
    assert not any(limit.count_request(HOME) for _ in range(24))
    assert limit.count_request(HOME) == pytest.approx(3600)
    clock.now += 3600
    assert limit.count_request(HOME) == 0
    assert limit.count_request(HOME) > 0
    # It is forgotten a day after its last request, when somebody else comes.
    clock.now += DAY
    limit.count_request("203.0.113.9")
    assert len(limit) == 1


def test_an_ipv4_client_is_itself_in_ipv6_form_too() -> None:
    clients = [f"::ffff:198.51.100.{number}" for number in range(1, 71)]
    assert len(set(map(find_network, clients))) == 70
    assert find_network("198.51.100.70") == find_network("::ffff:198.51.100.70")
    assert find_network("::ffff:c633:6446") == find_network("198.51.100.70")  # in hexadecimal


def test_an_ipv6_network_is_one_client() -> None:
    network = find_network("2001:db8:1:2::1")
    assert find_network("2001:db8:1:2:ffff::2") == network
    assert find_network("2001:db8:1:3::1") != network
    assert find_network(network) == network


def test_no_address_is_stored_and_hashes_differ_between_processes(clock: Clock) -> None:
    one, other = RateLimit(5, clock=clock), RateLimit(5, clock=clock)
    for limit in (one, other):
        limit.count_request(HOME)
    kept = [repr(vars(limit)) for limit in (one, other)]
    assert all(HOME not in text and HOME.encode().hex() not in text for text in kept)
    assert not set(one._full_at) & set(other._full_at)
