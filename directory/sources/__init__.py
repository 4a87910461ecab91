"""The formats of sources: each module reads one into `Listing` or `RejectedRow`."""
