"""Finds listings: criteria and filters, ranking, reasons, and the places that texts name."""
