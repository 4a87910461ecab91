"""Where a form comes from, as the browser says it and no page can change it.

`Sec-Fetch-Site` decides where a browser sends it (all current ones, over TLS or on loopback), and
else `Origin`: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
"""

from collections.abc import Mapping
from urllib.parse import urlsplit


def is_own_form(headers: Mapping[str, str], base_url: str = "") -> bool:
    """Whether a form comes from a page of ours: at `base_url`, or at the host of this request.

    True as well for old and text browsers, which say nothing.
    """
    if "sec-fetch-site" in headers:
        # "none" is a person who sends the form once more, such as by reloading.
        return headers["sec-fetch-site"] in ("same-origin", "none")
    if "origin" not in headers:
        return True
    hosts = {headers.get("host", ""), urlsplit(base_url).netloc} - {""}
    return urlsplit(headers["origin"]).netloc in hosts
