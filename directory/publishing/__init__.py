"""The directory in the forms that others read: Open Referral, JSON-LD, iCalendar, GeoJSON, CSV.

Knows no HTTP. Must never publish what residents may not see: every form uses `withhold_place`.
"""
