"""Everything a person talks to, and the composition root."""
