"""The endpoint that Rasa calls to run an action. Served on loopback only, and to Rasa only.

Owns which slots are kept in case Rasa loses the conversation. Must never pass on a person's words.
"""

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from directory.search.service import SearchService
from nlu.actions import Services, make_actions

log = logging.getLogger(__name__)


# They hold the ids of listings.
_KEPT_SLOTS = ("results", "seen", "looking_at", "kept")

KeepSlots = Callable[[str, Mapping[str, Any]], None]


def create_actions_app(
    services: Services,
    token: str,
    keep_slots: KeepSlots = lambda _pseudonym, _slots: None,
) -> FastAPI:
    """An app with the one route that Rasa's `action_endpoint` names, for requests with `token`.

    `keep_slots` gets some slots after each action: ids of listings, and the name of a place.
    """
    executor = ActionExecutor()
    for action in make_actions(services):
        executor.register_action(action)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(_TokenMiddleware, token=token)
    # Another host's name would be a page's that was made to resolve to this machine.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"])

    @app.post("/webhook")
    async def run_action(call: dict[str, Any]) -> JSONResponse:
        name = call.get("next_action")
        try:
            # No action reads the domain, so Rasa does not send it; the executor requires one.
            result = await executor.run({"domain": {}, **call})
            content = result.model_dump() if result else {}
            tracker = call["tracker"]
            kept = await asyncio.to_thread(read_kept_slots, tracker, content, services.search)
        except ActionExecutionRejection as rejection:
            return JSONResponse({"error": str(rejection), "action_name": name}, 400)
        except ActionNotFoundException as missing:
            return JSONResponse({"error": str(missing), "action_name": name}, 404)
        except Exception as error:
            # The type alone, because the error's own text may quote a slot.
            log.error("%s failed: %s", name, type(error).__name__)
            # Rasa would drop an error, and the person would be asked to say it in other words.
            return JSONResponse({"events": [], "responses": [{"custom": {"type": "broken"}}]})
        keep_slots(tracker["sender_id"], kept)
        return JSONResponse(content)

    return app


def read_kept_slots(
    tracker: Mapping[str, Any], result: Mapping[str, Any], search_service: SearchService
) -> dict[str, Any]:
    """The slots to keep after an action, as far as they are filled."""
    slots = dict(tracker["slots"])
    events = [event for event in result.get("events", ()) if event["event"] == "slot"]
    slots.update((event["name"], event["value"]) for event in events)
    kept = {name: slots.get(name) for name in _KEPT_SLOTS}
    # The slot may hold a whole sentence.
    area = search_service.find_area(slots.get("area") or "")
    kept["area"] = area.name if area else None
    return {name: value for name, value in kept.items() if value}


class _TokenMiddleware:
    """Refuses requests without the token, before their bodies are read."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._authorization = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        authorization = Headers(scope=scope).get("authorization", "").encode()
        if hmac.compare_digest(authorization, self._authorization):
            await self._app(scope, receive, send)
        else:
            await Response(status_code=403)(scope, receive, send)
