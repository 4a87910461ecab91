"""What Rasa calls back to do: read the slots, call one service, answer.

Runs in the project's own process. Must never see a check-in, nor log a slot.
"""

from rasa_sdk import Action

from directory.catalogue import Catalogue
from directory.notes import Notebook
from directory.team import Team
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
    ActionHearFeeling,
    ActionStartCheckIn,
    ActionStop,
)
from nlu.actions.telling import (
    ActionAskNote,
    ActionAskNoteSending,
    ActionBeginNote,
    ActionPassOnNote,
    ActionShowTeam,
    ActionTakeFeedback,
    ValidateFeedbackForm,
    ValidateNoteForm,
)


def make_actions(catalogue: Catalogue, notebook: Notebook, team: Team) -> list[Action]:
    """Every action that the domain names."""
    refine = ActionRefineSearch(catalogue, notebook)
    return [
        ActionAnswerAside(refine),
        ActionHearFeeling(refine),
        ActionForget(),
        ActionStartCheckIn(),
        ActionStop(),
        ActionBeginSearch(),
        ValidateFindForm(catalogue),
        ActionAskArea(catalogue),
        ActionFindListings(catalogue, notebook),
        refine,
        ActionSetArea(catalogue, notebook),
        ActionShowDetails(catalogue),
        ActionFallBack(catalogue, notebook),
        ActionShowTeam(team),
        ActionBeginNote(catalogue),
        ActionAskNote(),
        ActionAskNoteSending(),
        ValidateNoteForm(),
        ActionPassOnNote(notebook),
        ActionTakeFeedback(notebook),
        ValidateFeedbackForm(),
    ]
