"""Links that work without an account: what they allow is sealed in them, and for how long.

Nothing is kept of them here. Must never seal anything that a person said, or a name.
"""

from fastapi import Request
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from bot.web.desk.auth import HOME, PageError
from bot.web.parameters import find_root

DAYS = 30
_MOST_LETTERS = 2_000


class LinkSigner:
    """Seals and opens; a link for one `use` opens nothing else."""

    def __init__(self, secret: bytes, base_url: str = "") -> None:
        self._secret = secret
        self._base_url = base_url

    def link(self, request: Request, use: str, ids: list[int]) -> str:
        """The whole address of the page /desk/`use`/... about these listings."""
        return f"{find_root(request, self._base_url)}{HOME}/{use}/{self._seals(use).dumps(ids)}"

    def open(self, use: str, token: str) -> list[int]:
        """The listings that a link is about. Raises PageError for one that opens nothing."""
        try:
            if len(token) > _MOST_LETTERS:
                raise BadSignature("too long")
            ids = self._seals(use).loads(token, max_age=DAYS * 86_400)
        except SignatureExpired:
            raise PageError(
                410, "This link is too old", f"It worked for {DAYS} days. Ask for a new one."
            ) from None
        except BadSignature:
            raise PageError(
                404, "This link does not work", "Check that it is whole, or ask for a new one."
            ) from None
        return [int(one) for one in ids]

    def _seals(self, use: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=f"desk link: {use}")
