"""Where listings come from: each module reads one form into `Listing` or `RejectedRow`."""
