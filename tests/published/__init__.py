"""Tests of the published directory, against the standards and against the imported records."""
