"""Code that runs inside Rasa's own environment. Imports Rasa, and nothing of ours."""
