"""Other search engines over the same listings, vectors and queries, to measure ours beside.

They run in an environment of their own (requirements.txt here), each in a process of its
own, and import nothing of ours but this package. Must never be imported by the program.
"""
