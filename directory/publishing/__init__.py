"""The directory as others may have it: pure functions of listings, and nothing of HTTP.

What residents may not see is not published either; every form goes through `withhold_place`.
"""
