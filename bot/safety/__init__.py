"""The crisis guard: patterns, learned model, helplines, training and evaluation."""
