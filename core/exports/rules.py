"""What is exported, and how long it is kept."""

from __future__ import annotations

from datetime import timedelta

EXPORT = "export"
"""The type of jobs that write a file."""

FORMATS = ("bibtex", "csv", "jsonl", "marc", "marcxml", "ris")
"""The formats of a list of books."""

PAGE = 1000
"""Books of one batch of the job."""

UNFINISHED = 5
"""Exports of one account that wait or are being done, at most."""

FILES = 5
"""Files of one account that are kept, at most: the newest."""

KEPT = timedelta(days=7)
"""How long a file is kept."""

SWEPT = 50
"""Files, or parts of them in the database, that one transaction deletes, at most."""

GONE = "The file of this export is no longer kept."
