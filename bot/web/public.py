"""Responses of the published directory, with ETags."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel


class Problem(BaseModel):
    """An error, as one sentence."""

    error: str


def write_json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def respond(request: Request, body: bytes, media_type: str, **extra_headers: str) -> Response:
    """The body, or 304 if the client already has it."""
    # Weak, because the body may be compressed.
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", **extra_headers}
    if _is_cached(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def respond_json(request: Request, content: Any) -> Response:
    return respond(request, write_json(content), "application/json")


def respond_ndjson(request: Request, lines: Iterator[Any], revision: int) -> Response:
    """Newline-delimited JSON, streamed. `revision` grows with every change of the content."""
    version = f"{revision} {request.url.path}?{request.url.query}"
    tag = f'W/"{hashlib.sha256(version.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _is_cached(request, tag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        (write_json(line) + b"\n" for line in lines), 200, headers, "application/x-ndjson"
    )


def _is_cached(request: Request, tag: str) -> bool:
    header = request.headers.get("if-none-match", "")
    tags = [item.strip().removeprefix("W/") for item in header.split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags
