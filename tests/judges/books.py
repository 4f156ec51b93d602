"""Books that judges read: what every format can hold, in the texts that are hard to write."""

from __future__ import annotations

import subprocess
from pathlib import Path

from diptych.core.formats.record import BookRecord, Contributor, Identifier, SeriesPosition, TagName
from diptych.core.formats.writing import Writer

BOOKS = (
    BookRecord(
        line=1,
        title="Middlemarch",
        subtitle="a study of provincial life",
        contributors=(
            Contributor("George Eliot", "author", "Eliot, George"),
            Contributor("Rosemary Ashton", "editor", "Ashton, Rosemary"),
        ),
        isbn="9780141439549",
        year=2003,
        published="2003-03-27",
        language="en",
        publisher="Penguin & Sons",
        edition="2",
        pages=880,
        series=(SeriesPosition("Penguin classics", "12"),),
        tags=(TagName("fiction"), TagName("provincial life")),
        description="100% of it: a_b # c $d ~ e.",
        url="https://example.org/a_b%20c?d=e&f",
        identifiers=(Identifier("doi", "10.1000/182"),),
        record_id="eliot-2003",
    ),
    BookRecord(
        line=2,
        title="über 50% {alles} & mehr_weniger",
        contributors=(
            Contributor("Eric von Hippel", "author", "von Hippel, Eric"),
            Contributor("NASA", "author", kind="body"),
        ),
        year=1999,
        publisher="Čapek",
        record_id="hippel-1999",
    ),
)


def written(writer: Writer, path: Path) -> Path:
    """Return the path after writing BOOKS to it."""
    path.write_bytes(writer.begin + writer.between.join(map(writer.record, BOOKS)) + writer.end)
    return path


def judged(*command: str | Path) -> bytes:
    """Return what a program writes. It fails when the program is missing, finds a fault, or warns."""
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    warnings = [line for line in done.stderr.splitlines() if b": Processed " not in line]
    assert warnings == []
    return done.stdout
