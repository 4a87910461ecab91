"""What markup looks like in a text."""

import re

TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
