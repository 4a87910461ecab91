"""Other search engines over the same listings, vectors and queries, for comparison with ours.

Each runs in its own process, in an environment of its own (requirements.txt here), and imports
nothing of ours but this package. The program must never import it.
"""
