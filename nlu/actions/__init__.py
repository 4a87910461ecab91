"""What Rasa calls back to do: read the slots, call one service, answer.

Runs in the project's own process. Must never see a check-in, nor log a slot.
"""

from rasa_sdk import Action

from directory.notes import Notebook
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions.cards import ActionShowDetails
from nlu.actions.find_form import ActionAskArea, ActionBeginSearch, ValidateFindForm
from nlu.actions.notes import (
    ActionAskNote,
    ActionAskNoteSending,
    ActionBeginNote,
    ActionPassOnNote,
    ActionShowTeam,
    ActionTakeFeedback,
    ValidateFeedbackForm,
    ValidateNoteForm,
)
from nlu.actions.search import (
    ActionFallBack,
    ActionFindListings,
    ActionRefineSearch,
    ActionSetArea,
)
from nlu.actions.small_talk import (
    ActionAnswerAside,
    ActionForget,
    ActionHearFeeling,
    ActionStartCheckIn,
    ActionStop,
)


def make_actions(search_service: SearchService, notebook: Notebook, team: Team) -> list[Action]:
    """Every action that the domain names."""
    refine = ActionRefineSearch(search_service, notebook)
    return [
        ActionAnswerAside(refine),
        ActionHearFeeling(refine),
        ActionForget(),
        ActionStartCheckIn(),
        ActionStop(),
        ActionBeginSearch(),
        ValidateFindForm(search_service),
        ActionAskArea(search_service),
        ActionFindListings(search_service, notebook),
        refine,
        ActionSetArea(search_service, notebook),
        ActionShowDetails(search_service),
        ActionFallBack(search_service, notebook),
        ActionShowTeam(team),
        ActionBeginNote(search_service),
        ActionAskNote(),
        ActionAskNoteSending(),
        ValidateNoteForm(),
        ActionPassOnNote(notebook),
        ActionTakeFeedback(notebook),
        ValidateFeedbackForm(),
    ]
