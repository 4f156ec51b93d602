"""Describe what was found and what adoption will do, for the dry run and the real one."""

from __future__ import annotations

from diptych.core.legacy_import.row_validation import ValidationReport
from diptych.core.legacy_import.schema_detection import MAP, LegacySchema, OldTable, OwnSchema, renames


def found(shape: OwnSchema | LegacySchema, report: ValidationReport) -> list[str]:
    """Describe the database."""
    if isinstance(shape, OwnSchema):
        lines = [f"Found the catalogue's own tables, exactly as revision {shape.revision} makes them."]
    else:
        ids = "numbers" if shape.authors.numbered else "UUIDs"
        counted = f"{_counted(shape.authors, report)} and {_counted(shape.books, report)}"
        lines = [f"Found {counted} of an earlier application, whose ids are {ids}."]
    for name, revisions in shape.versions.items():
        lines.append(f"{_kept_by(name)} keeps it, at revision {', '.join(revisions) or 'none'} of its own.")
    return lines


def steps(shape: OwnSchema | LegacySchema, report: ValidationReport, revision: str, head: str) -> list[str]:
    """Describe the steps of adoption, in order. revision: reached by adoption, before the upgrade to `head`."""
    room = renames(shape)
    lines: list[str] = []
    if room:
        pairs = ", ".join(f"{name} becomes {new}" for name, new in room.items())
        lines.append(f"Tables make room, with every row they have: {pairs}.")
    if isinstance(shape, LegacySchema):
        lines += _copying(shape, report)
    lines.append(f"It is written down that the database is at revision {revision}.")
    if revision != head:
        lines.append(f"It is upgraded to revision {head}.")
    return lines


def _copying(shape: LegacySchema, report: ValidationReport) -> list[str]:
    lines = []
    if shape.referring:
        room = f"{renames(shape)[shape.authors.name]} or {renames(shape)[shape.books.name]}"
        lines.append(f"What refers to them goes on to, as {room}: {', '.join(shape.referring)}.")
    lines.append("The catalogue's own tables are made, and every author and book is copied into them.")
    for old in (shape.authors, shape.books):
        lines.append(
            f"Each {old.noun} gets an id, a UUID; {MAP} keeps which it was."
            if old.numbered
            else f"Each {old.noun} keeps its id."
        )
        lines += [
            f"{old.name}.{column} is what is called {name} here."
            for name, (column, _) in old.columns.items()
            if name != column
        ]
        lines.append(_times(old))
        if old.left:
            lines.append(
                f"Not copied, and kept where they are: {', '.join(f'{old.name}.{name}' for name in old.left)}."
            )
    lines += [
        f"{name}: {count:,} {'is' if count == 1 else 'are'} kept in another form (NFC, without white space around it, "
        f"an ISBN as 13 digits, a language as its tag, a blank one as none); the first is of row {row}."
        for name, (count, row) in report.changed.items()
    ]
    lines.append("Slugs, and what is searched and sorted by, are made of names and titles.")
    return lines


def _times(old: OldTable) -> str:
    known = {name: old.columns[name] for name in ("created_at", "updated_at") if name in old.columns}
    if not known:
        return f"{old.name} has no times: each {old.noun} was made and changed at the moment of its adoption."
    naive = [column for column, kind in known.values() if kind == "time"]
    text = f"{old.name} has its times in {' and '.join(column for column, _ in known.values())}"
    if naive:
        text += f"; those without an offset ({', '.join(naive)}) are taken as UTC"
    return f"{text}. Where one is missing it is the other, or else the moment of adoption."


def _counted(old: OldTable, report: ValidationReport) -> str:
    rows = report.rows[old.noun]
    return f"{rows:,} row{'' if rows == 1 else 's'} in {old.name}"


def _kept_by(name: str) -> str:
    return {"alembic_version": "Flask-Migrate or Alembic"}.get(name, "advanced-alchemy") + f" ({name})"
