"""Writing of MARCXML (https://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd)."""

from __future__ import annotations

import re
from html import escape

from diptych.core.formats.marc.fields import LOSSES, record_of
from diptych.core.formats.record import BookRecord

__all__ = ["LOSSES", "MEDIA_TYPE", "SUFFIX", "MarcXmlWriter"]

MEDIA_TYPE = "application/marcxml+xml"
SUFFIX = ".marcxml"

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class MarcXmlWriter:
    """Writes books as records of MARC 21 in a collection; see diptych.core.formats.writing.Writer."""

    begin = b'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n'
    between = b""
    end = b"</collection>\n"
    notice = None

    def record(self, book: BookRecord) -> bytes:
        """Return the record of a book. A character that XML cannot hold becomes U+FFFD."""
        marc = record_of(book)
        lines = ["<record>", f"  <leader>{marc.leader}</leader>"]
        lines += [f'  <controlfield tag="{tag}">{_text(value)}</controlfield>' for tag, value in marc.control.items()]
        for tag, indicators, subfields in marc.fields:
            lines.append(f'  <datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">')
            lines += [f'    <subfield code="{code}">{_text(value)}</subfield>' for code, value in subfields]
            lines.append("  </datafield>")
        return "\n".join([*lines, "</record>\n"]).encode("utf-8")


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", value), quote=False)
