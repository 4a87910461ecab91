"""Listings: how they are kept, filled, found by meaning and shown.

`catalogue.Catalogue` is the way in for everything that reads; `importing` is
the way in for everything that writes. Imports nothing of ours.
"""
