"""Listings: how they are kept, filled, found by meaning and shown.

`catalogue.SearchService` is the way in for everything that reads; `importing` is
the way in for everything that writes. Imports nothing of ours.
"""
