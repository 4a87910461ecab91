"""Signed links that work without an account.

A link holds the ids it is about and its time of signing; nothing is stored on the server. Must
never sign a name or anything that a person wrote.
"""

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from bot.web.desk.auth import HOME, PageError

LINK_DAYS = 30
_MAX_TOKEN_LENGTH = 2_000


class LinkSigner:
    """Creates and reads signed links under `base_url`, an address without a final slash.

    A link for one `page` does not open another page.
    """

    def __init__(self, secret: bytes, base_url: str = "") -> None:
        self._secret = secret
        self._base_url = base_url

    def create_link(self, page: str, values: list[int]) -> str:
        """The full URL of /desk/`page`/... with these values signed."""
        return f"{self._base_url}{HOME}/{page}/{self._serializer(page).dumps(values)}"

    def read_token(self, page: str, token: str) -> list[int]:
        """The values in a link's token. Raises PageError if it is invalid or too old."""
        try:
            if len(token) > _MAX_TOKEN_LENGTH:
                raise BadSignature("too long")
            values = self._serializer(page).loads(token, max_age=LINK_DAYS * 86_400)
        except SignatureExpired:
            raise PageError(
                410,
                "This link has expired",
                f"Links work for {LINK_DAYS} days. Ask for a new one.",
            ) from None
        except BadSignature:
            raise PageError(
                404,
                "This link does not work",
                "Check that you have the whole link, or ask for a new one.",
            ) from None
        return [int(value) for value in values]

    def _serializer(self, page: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=f"desk link: {page}")
