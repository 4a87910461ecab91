"""Benchmarks of the real program, each compared with a peer measured in the same run.

These are not tests: no time makes anything pass or fail. docs/how-to/run-the-benchmarks.md
explains each figure.
"""
