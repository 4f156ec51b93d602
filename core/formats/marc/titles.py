"""Titles of a book and of its original, and its series: fields 245, 240, 765, 490, 440 and 830."""

from __future__ import annotations

from diptych.core.formats.marc.punctuation import Trim, without_mark_but_stop
from diptych.core.formats.marc.record import Field, MarcRecord

_STOPS = (".", ",", ":", ";", "!", "?", "-")


def title_and_subtitle(record: MarcRecord, trim: Trim) -> tuple[str | None, str | None]:
    """Return $a with the numbers ($n) and names ($p) of parts, and $b, of the first field 245."""
    field = next(iter(record.tagged("245")), None)
    if field is None:
        return None, None
    subtitles = [without for text in field.all("b") if (without := trim(text))]
    return _with_parts(field, trim) or None, " : ".join(subtitles) or None


def _with_parts(field: Field, trim: Trim) -> str:
    """Return "Proverbs. Part 2, The return" of $a, $n and $p; archives have a form of material ($k) instead of $a."""
    codes = "knp" if field.first("a") is None else "anp"
    title, last = "", ""
    for code, value in field.subfields:
        part = without_mark_but_stop(value) if trim is not str.strip else value.strip()
        if code not in codes or not part:
            continue
        if not title:
            title = part
        else:
            mark = "," if last == "n" and code == "p" else "."
            title += ("" if title.endswith(_STOPS) else mark) + " " + part
        last = code
    return trim(title)


def original_title(record: MarcRecord, trim: Trim) -> tuple[str | None, list[str]]:
    """Return the title of the original: 765 $t, otherwise the uniform title if it is that of a translation.

    240 is: the title of the work, in whatever language, unless $l names the language of the translation or 041 $h that
    of the original; then it is left out, and told.
    """
    for field in record.tagged("765"):
        if (title := field.first("t")) is not None:
            return trim(title), ["240"] if record.tagged("240") else []
    uniform = next(iter(record.tagged("240")), None)
    if uniform is None:
        return None, []
    if uniform.first("l") is None and not any(field.first("h") for field in record.tagged("041")):
        return None, ["240"]
    return _with_parts(uniform, trim) or None, []


def series(record: MarcRecord, trim: Trim) -> list[tuple[str, str | None]]:
    """Return the series with the place in each, as the book states them; otherwise as they are traced."""
    for tags in (("490",), ("440",), ("830",)):
        found = [pair for field in record.tagged(*tags) for pair in _series_of(field, trim)]
        if found:
            return found
    return []


def _series_of(field: Field, trim: Trim) -> list[tuple[str, str | None]]:
    """Return each title ($a) with the volume ($v) that follows it."""
    found: list[tuple[str, str | None]] = []
    for code, value in field.subfields:
        text = trim(value)
        if code == "a" and text:
            found.append((text, None))
        elif code in "np" and text and found:
            found[-1] = (f"{found[-1][0]}. {text}", found[-1][1])
        elif code == "v" and text and found and found[-1][1] is None:
            found[-1] = (found[-1][0], text)
    return found
