"""What Rasa calls back to do: read the slots, call one service, answer.

Runs in the project's own process. Must never see a check-in, nor log a slot.
"""

from rasa_sdk import Action

from directory.catalogue import Catalogue
from nlu.actions.asking import ActionAskArea, ActionBeginSearch, ValidateFindForm
from nlu.actions.finding import (
    ActionFallBack,
    ActionFindListings,
    ActionRefineSearch,
    ActionSetArea,
)
from nlu.actions.showing import ActionShowDetails
from nlu.actions.talking import (
    ActionAnswerAside,
    ActionForget,
    ActionStartCheckIn,
    ActionStop,
)


def make_actions(catalogue: Catalogue) -> list[Action]:
    """Every action that the domain names."""
    return [
        ActionAnswerAside(),
        ActionForget(),
        ActionStartCheckIn(),
        ActionStop(),
        ActionBeginSearch(),
        ValidateFindForm(catalogue),
        ActionAskArea(catalogue),
        ActionFindListings(catalogue),
        ActionRefineSearch(catalogue),
        ActionSetArea(catalogue),
        ActionShowDetails(catalogue),
        ActionFallBack(catalogue),
    ]
