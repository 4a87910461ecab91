"""What the navigators' desk keeps: accounts, who is signed in, and who changed which listing.

Must never keep anything of residents.
"""
