"""The navigators' and analysts' desk: pages of plain HTML, each made here on the server.

Beside the chat and apart from it: nothing of a conversation is read here. No page needs a script.
"""
