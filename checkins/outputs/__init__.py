"""What a release holds and how it looks: tables, a code book, notes and a report.

Pure functions of `Figures`, which can be published whole: `files.write_files` makes every file,
`reading.read_figures` reads them back. Must never see a raw count, a clock, a disk or a database.
"""
