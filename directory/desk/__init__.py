"""The services behind the navigators' desk: accounts, sessions, and the editing of listings.

Must never store anything about residents.
"""
