"""Answers questions about one listing from what the listing says.

`answering` is the entry point. Must never say what a listing does not, and must never keep a
question.
"""
