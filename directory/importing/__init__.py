"""How listings come in: read, completed, written, kept in step, and shown once."""
