"""How a release is made: counts, disclosure control, the attack on it, and the ledger."""
