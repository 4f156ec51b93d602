"""Writing of languages: codes of MARC in 008 and 041, or tags of BCP 47 where codes say less."""

from __future__ import annotations

from diptych.core.catalogue.books.iso_639 import longer_codes
from diptych.core.formats.marc.languages import TAGS
from diptych.core.formats.marc.record import Field
from diptych.core.formats.record import BookRecord

_BIBLIOGRAPHIC = frozenset(
    ("alb", "arm", "baq", "bur", "chi", "cze", "dut", "fre", "geo", "ger", "gre", "ice", "mac", "mao", "may", "per")
) | {"rum", "slo", "tib", "wel"}
"""Codes of ISO 639-2/B where 639-2/T has others: MARC takes these."""

UNDETERMINED = "und"


def code_of(tag: str | None) -> str:
    """Return the code of the language of a tag ("eng" for "en-GB"), "und" if there is none."""
    language = (tag or "").partition("-")[0]
    codes = longer_codes(language)
    if codes:
        return next((code for code in codes if code in _BIBLIOGRAPHIC), codes[0])
    return language if len(language) == 3 else UNDETERMINED


def languages_field(book: BookRecord) -> list[Field]:
    """Return field 041 where 008 does not say all: the original's language, or a tag with a region or script."""
    given = [(code, tag) for code, tag in (("a", book.language), ("h", book.original_language)) if tag is not None]
    if all(len(tag) < 4 and code_of(tag) != UNDETERMINED for _, tag in given):
        if book.original_language is None:
            return []
        return [Field("041", "1 ", [(code, code_of(tag)) for code, tag in given])]
    is_translation = " " if book.original_language is None else "1"
    return [Field("041", f"{is_translation}7", [*given, ("2", TAGS)])]
