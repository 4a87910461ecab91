"""A rate limit for each client, in memory and for this process only.

Keeps nothing that identifies a client: it stores a hash under a key that ends with the process, and
forgets it at the latest one period after the client's last request, when the next one comes. Must
never log or store a client's name.
"""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

MINUTE = 60.0
DAY = 86_400.0
# More clients than one process could answer in a minute.
_MAX_CLIENTS = 50_000


class RateLimit:
    """A leaky bucket for each client: `count` requests at once, refilled evenly over `period`.

    `period` is in seconds. A count of 0 allows everything. `clock` returns monotonic seconds.
    Thread-safe.
    """

    def __init__(
        self, count: int, period: float = MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count = count
        self._period = period
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        # The time at which each client's bucket is full again, in the order of last use.
        self._full_at: dict[bytes, float] = {}

    def count_request(self, client: str) -> float:
        """Count a request from `client`, any name of it, and return the seconds to wait.

        They are 0 if the request is allowed. A request that must wait is not counted.
        """
        if not self._count:
            return 0.0
        interval = self._period / self._count
        hashed = hashlib.blake2b(client.encode(), key=self._key, digest_size=16).digest()
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.pop(hashed, now), now)
            wait = full_at + interval - now - self._period
            is_refused = wait > 1e-6
            self._full_at[hashed] = full_at if is_refused else full_at + interval
            self._forget_clients(now)
        return wait if is_refused else 0.0

    def __len__(self) -> int:
        """The number of clients in memory."""
        return len(self._full_at)

    def _forget_clients(self, now: float) -> None:
        for hashed, full_at in list(self._full_at.items()):
            if full_at > now and len(self._full_at) <= _MAX_CLIENTS:
                break
            del self._full_at[hashed]
