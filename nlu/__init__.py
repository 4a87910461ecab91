"""What Rasa learns, and the actions that it calls back.

`components` runs inside Rasa's own environment and may import nothing of ours;
`actions` runs in the project's.
"""
