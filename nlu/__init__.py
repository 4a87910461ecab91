"""What Rasa learns (domain and data), and the code that it runs or calls.

`components` runs in Rasa's own environment and may import nothing of ours. `understanding` and
`actions` run in the project's.
"""
