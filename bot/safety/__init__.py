"""The crisis guard: what it recognises, the helplines it answers with, and how it is trained."""
