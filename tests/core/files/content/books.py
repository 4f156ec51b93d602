"""EPUB books, made here."""

from __future__ import annotations

import io
import zipfile

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf"'


def package(metadata: str, manifest: str = "", version: str = "3.0") -> str:
    return (
        f'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="{version}">'
        f"<metadata {DC}>{metadata}</metadata><manifest>{manifest}</manifest></package>"
    )


def epub(opf: str | bytes, files: dict[str, bytes] | None = None, container: str = CONTAINER) -> bytes:
    """Return a book with a package document in OEBPS, and further files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("OEBPS/book.opf", opf)
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()
