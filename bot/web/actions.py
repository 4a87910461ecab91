"""The endpoint that Rasa calls to run an action. Served on loopback only."""

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from directory.notes import Notebook
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions import Services, make_actions

log = logging.getLogger(__name__)


def create_actions_app(search_service: SearchService, notebook: Notebook, team: Team) -> FastAPI:
    """An app with the one route that Rasa's `action_endpoint` names."""
    executor = ActionExecutor()
    for action in make_actions(Services(search_service, notebook, team)):
        executor.register_action(action)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/webhook")
    async def run_action(call: dict[str, Any]) -> JSONResponse:
        name = call.get("next_action")
        try:
            # No action reads the domain, so Rasa does not send it; the executor requires one.
            result = await executor.run({"domain": {}, **call})
        except ActionExecutionRejection as rejection:
            return JSONResponse({"error": str(rejection), "action_name": name}, 400)
        except ActionNotFoundException as missing:
            return JSONResponse({"error": str(missing), "action_name": name}, 404)
        except Exception as error:
            # The type alone, because the error's own text may quote a slot.
            log.error("%s failed: %s", name, type(error).__name__)
            return JSONResponse({"error": "It failed.", "action_name": name}, 500)
        return JSONResponse(result.model_dump() if result else {})

    return app
