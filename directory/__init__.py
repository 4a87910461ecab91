"""Listings: their sources, storage, search and publication.

`search.service.SearchService` is the entry point for searching, `importing` for writing, and
`publishing` for the Open Referral API and exports. Must import nothing of the other packages.
"""
