"""Search entries: all that a search needs to know of a listing, computed when it is written."""
