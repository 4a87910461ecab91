"""What the directory publishes, held against the standards and against what came in."""
