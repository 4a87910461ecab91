"""The Rasa server: its client, its process and its training."""
