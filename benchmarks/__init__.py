"""Speed and memory of the real program, each figure beside a peer measured in the same run.

Never a test: nothing here passes or fails by a time. What each number means: docs/benchmarks.md.
"""
