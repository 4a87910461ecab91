"""Reads what a person typed or tapped: pure functions and frozen dataclasses.

Must never know Rasa's tracker or rasa_sdk, search the directory, or word a reply.
"""
