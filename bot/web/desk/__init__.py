"""The desk: server-rendered HTML pages for navigators and analysts.

The desk is separate from the chat and reads nothing from any conversation. Its pages need no
JavaScript.
"""
