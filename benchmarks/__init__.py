"""Speed and memory of the real program, each figure beside a peer measured in the same run.

This is not a test: nothing passes or fails by a time. docs/how-to/run-the-benchmarks.md says
what each number means.
"""
