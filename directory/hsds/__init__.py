"""A listing as an Open Referral UK (HSDS) service, computed when the listing is written."""
