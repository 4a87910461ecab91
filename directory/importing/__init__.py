"""Importing listings: classified, written, synced with their feeds, and linked to duplicates."""
