"""The web channel: the chat API, the widget's files and the page with the chat on it."""
