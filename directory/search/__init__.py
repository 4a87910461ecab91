"""How listings are found: an index over their entries, the ranking, the reasons, the places."""
