"""Security headers of every response: the browser grants as little as possible."""

# For any content type.
BASE_HEADERS = {"X-Content-Type-Options": "nosniff"}
SECURITY_HEADERS = {
    **BASE_HEADERS,
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; "
        "object-src 'none'"
    ),
}
