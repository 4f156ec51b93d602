"""How long an import is kept, and what is shown of it."""

from __future__ import annotations

from datetime import timedelta

PREVIEW, IMPORT, UNDO = "import-preview", "import", "import-undo"
"""The types of jobs that read a file, and of the one that undoes an import."""

CHUNK = 256 * 1024
"""Bytes of a file in one row, of those that the release before has stored."""

PART = 1 << 20
"""Bytes of a file that a job reads from the store at a time."""

GONE = "The file is no longer there."

NAME_LENGTH = 255
"""Most characters of the name of a file."""

SHOWN = 20
"""Records that a preview shows."""

KEPT = timedelta(days=30)
"""How long a file is kept, with its rejects."""

SWEPT = 10
"""Files that one transaction deletes, at most."""

PAGE = 500
"""Rejects in one part of their list."""
