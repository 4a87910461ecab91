"""The files of a release: tables, a code book, notes and a report.

Pure functions of `Figures`: `release_files.write_files` writes every file, and
`figures_reader.read_figures` reads the figures back. Must never see a raw count, a clock, a disk
or a database.
"""
