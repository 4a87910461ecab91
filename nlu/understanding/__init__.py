"""All reading of a message. Knows no Rasa tracker, no directory and no wording of replies."""
