"""Where the real feeds, standards and evaluation sets are; they are not part of the project."""

import os
from pathlib import Path

from bot.settings import ROOT

SHARED = Path(os.environ.get("CONNECTOR_SHARED_DATA", ROOT.parent / "shared" / "data"))
