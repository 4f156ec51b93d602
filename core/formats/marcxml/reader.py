"""Reading of MARCXML, by itself or in the answers of OAI-PMH, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from diptych.core.formats.marc.mapping import book_of
from diptych.core.formats.marc.record import LEADER_LENGTH, Field, MarcRecord, Notes, Reading
from diptych.core.formats.record import RawBook, Reject
from diptych.core.formats.xml_records import Element, records, shown


def read(stream: BinaryIO, encoding: str | None = None) -> Reading:
    """Return the books and rejects of a file: one for each element "record" that is in no other.

    Records that OAI-PMH says were deleted are neither; the notes of what is returned count them. encoding: overrides
    what the file says. Raises ValueError, at the first item, as records() of xml_records.
    """
    notes = Notes()
    return Reading(_items(stream, encoding, notes), notes)


def _items(stream: BinaryIO, encoding: str | None, notes: Notes) -> Iterator[RawBook | Reject]:
    for item in records(stream, ("record",), encoding=encoding):
        notes.started += 1
        if isinstance(item, Reject):
            yield item
            continue
        number, element = item
        if _is_deleted(element):
            notes.deleted += 1
            continue
        try:
            yield book_of(_record_of(_innermost(element)), number)
        except ValueError as error:
            yield Reject(number, str(error), shown(element))


def _is_deleted(element: Element) -> bool:
    """Return whether a record of OAI-PMH has only the header of one that is gone (OAI-PMH 2.0, 2.5.1)."""
    header = element.find("{*}header")
    return header is not None and header.get("status") == "deleted"


def _innermost(element: Element) -> Element:
    """Return the MARC record within a record of OAI-PMH, or the record itself."""
    return next(element.iterdescendants("{*}record"), element)


def _record_of(element: Element) -> MarcRecord:
    """Return what a record in MARCXML says. Raises ValueError when it has no fields of MARC."""
    record = MarcRecord(" " * LEADER_LENGTH)
    known = 0
    for child in element:
        name, tag = child.tag.rpartition("}")[2], child.get("tag")
        known += name in ("leader", "controlfield", "datafield")
        if name == "leader":
            record.leader = (child.text or "").ljust(LEADER_LENGTH)[:LEADER_LENGTH]
        elif name == "controlfield" and tag:
            record.control.setdefault(tag, child.text or "")
        elif name == "datafield" and tag:
            subfields = _subfields(child, record.damaged)
            record.fields.append(Field(tag, _indicator(child, "ind1") + _indicator(child, "ind2"), subfields))
        else:
            record.damaged.append(f"{name}: is no element of MARCXML, or has no tag")
    if not known:
        inner = element.find("{*}metadata/*")
        found = "" if inner is None else f", but the element {inner.tag.rpartition('}')[2]}"
        raise ValueError(f"the record has no fields of MARCXML{found}")
    return record


def _indicator(field: Element, name: str) -> str:
    """Return an indicator; it is blank where there is none."""
    return (field.get(name) or " ")[:1]


def _subfields(field: Element, damaged: list[str]) -> list[tuple[str, str]]:
    """Return the codes and values of a field; what has no code is added to what is damaged."""
    subfields = []
    for child in field:
        code = child.get("code")
        if code and len(code) == 1 and child.tag.endswith("subfield"):
            subfields.append((code, child.text or ""))
        else:
            damaged.append(f"{field.get('tag')}: has a subfield without a code")
    return subfields
