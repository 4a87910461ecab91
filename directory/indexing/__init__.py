"""What a search needs of a listing, computed when the listing is written."""
