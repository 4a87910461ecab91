"""Code that runs in Rasa's own environment. It imports Rasa and nothing of ours."""
