"""How single values of the catalogue are written for people."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from diptych.core.web.wording import TEXTS, number_text, text


def year_text(year: int | None) -> str:
    """Return a year in words; empty for none."""
    if year is None:
        return ""
    return text("value.bc", year=-year) if year < 0 else str(year)


def date_text(date: str) -> str:
    """Return an EDTF date or interval, as diptych.core.catalogue.books.published takes it, in words."""
    start, slash, end = date.partition("/")
    return text("value.interval", start=_date(start), end=_date(end)) if slash else _date(start)


def _date(date: str) -> str:
    sign, rest = ("-", date[1:]) if date.startswith("-") else ("", date)
    year, *parts = rest.split("-")
    shown = year_text(int(sign + year))
    if not parts:
        return shown
    month = text(f"month.{int(parts[0])}")
    if len(parts) == 1:
        return text("value.month", month=month, year=shown)
    return text("value.day", day=int(parts[1]), month=month, year=shown)


@lru_cache(maxsize=1024)
def decade_text(decade: int) -> str:
    """Return a decade in words. decade: its first year; before our era that is the earliest of ten."""
    return text("value.decade", year=decade) if decade >= 0 else text("value.decade_bc", start=-decade, end=-decade - 9)


def time_text(moment: datetime) -> str:
    """Return a time of day in UTC."""
    return text("value.time", time=f"{moment:%H:%M}")


def day_text(moment: datetime) -> str:
    """Return the day of a moment, in UTC."""
    return text("value.day", day=moment.day, month=text(f"month.{moment.month}"), year=moment.year)


def moment_text(moment: datetime | None) -> str:
    """Return a moment to the minute, in UTC; empty for none."""
    return "" if moment is None else text("value.moment", day=day_text(moment), time=f"{moment:%H:%M}")


def via_text(via: str) -> str:
    """Return how something was done; in a way of a later release, by its name."""
    return text(f"via.{via}") if f"via.{via}" in TEXTS else via


def size_text(size: int) -> str:
    """Return a number of bytes."""
    kilobytes = -(-size // 1000)
    if kilobytes < 1000:
        return text("value.kilobytes", n=number_text(kilobytes))
    return text("value.megabytes", n=number_text(kilobytes / 1000, 1))


@lru_cache(maxsize=1024)
def language_text(tag: str) -> str:
    """Return the name of a language; what is not known of the tag stays a tag."""
    language, _, rest = tag.partition("-")
    key = f"language.{language.lower()}"
    if key not in TEXTS:
        return tag
    return text("value.language", language=text(key), rest=rest) if rest else text(key)


def life_text(birth: int | None, death: int | None) -> str:
    """Return the years of a life; empty where neither is known."""
    if birth is None and death is None:
        return ""
    return text("value.interval", start=year_text(birth), end=year_text(death))


def segment(value: str) -> str:
    """Return a value as one step of an address."""
    # Most slugs have nothing to quote, and quote takes three times as long to find that out.
    return value if value.isascii() and value.replace("-", "").isalnum() else quote(value, safe="")
