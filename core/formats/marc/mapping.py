"""What the fields of MARC 21 say about a book: the one place that lists all that are read."""

from __future__ import annotations

from diptych.core.formats.marc.carriers import BOOKS, book_format
from diptych.core.formats.marc.dates import is_publication, published
from diptych.core.formats.marc.descriptions import description
from diptych.core.formats.marc.languages import languages
from diptych.core.formats.marc.names import ADDED, MAIN, contributors
from diptych.core.formats.marc.numbers import identifiers, record_id
from diptych.core.formats.marc.punctuation import Trim, trim_of, without_brackets, without_mark_but_stop
from diptych.core.formats.marc.record import MarcRecord
from diptych.core.formats.marc.subjects import SUBJECTS, UNCONTROLLED, tags
from diptych.core.formats.marc.titles import original_title, series, title_and_subtitle
from diptych.core.formats.record import RawBook

_READ = frozenset(
    [
        "010",
        "020",
        "022",
        "024",
        "035",
        "041",
        "240",
        "245",
        "250",
        "260",
        "264",
        "300",
        "338",
        "490",
        "520",
        "534",
        "765",
        "856",
    ]
) | frozenset((*MAIN, *ADDED, *SUBJECTS, UNCONTROLLED))

_ABOUT_THE_RECORD = frozenset(["016", "036", "037", "038", "040", "042", "066", "336", "337"])
"""Fields that say nothing about the book that is not said elsewhere: their absence from a book is not told."""

_NO_PUBLISHER = frozenset(["s.n.", "s.n", "s. n.", "publisher not identified", "publisher not identified."])


def book_of(record: MarcRecord, number: int) -> RawBook:
    """Return the book that a record describes; number: of the record in its file, from 1.

    Raises ValueError, with a text for people, when it does not describe a book in MARC 21.
    """
    _check(record)
    trim = trim_of(record.leader)
    title, subtitle = title_and_subtitle(record, trim)
    people, unread_people = contributors(record, trim)
    numbers, unread_numbers = identifiers(record)
    dates, original_dates = published(record)
    own_languages, original_languages = languages(record)
    original, unread_titles = original_title(record, trim)
    url, unread_urls = _url(record)
    return RawBook(
        number=number,
        title=title,
        subtitle=subtitle,
        original_title=original,
        contributors=people,
        identifiers=numbers,
        published=dates,
        original_published=original_dates,
        languages=own_languages,
        original_languages=original_languages,
        publisher=_publisher(record, trim),
        edition=_first(record, "250", trim),
        format=book_format(record),
        pages=_first(record, "300", trim),
        series=series(record, trim),
        description=description(record),
        tags=tags(record, trim),
        url=url,
        record_id=record_id(record),
        unread=list(dict.fromkeys(_unread(record) + unread_people + unread_numbers + unread_titles + unread_urls)),
        raw=record.shown(),
    )


def _check(record: MarcRecord) -> None:
    """Raise ValueError for a record that is no description of a book in MARC 21."""
    present = {field.tag for field in record.fields}
    if "245" not in present and "200" in present:
        raise ValueError("the record is in UNIMARC (it has field 200 and no 245), and only MARC 21 is read")
    if record.leader[6:7] in "zuvxywq" and record.leader[6:7] not in BOOKS:
        raise ValueError("the record describes no book: it is of an authority file, holdings, or a classification")
    for damage in record.damaged:
        if damage.startswith("245"):
            tag, _, reason = damage.partition(": ")
            raise ValueError(f"the title (field {tag}) {reason}; if the file is in another encoding, name it")


def _publisher(record: MarcRecord, trim: Trim) -> str | None:
    for tag in ("264", "260"):
        for field in record.tagged(tag):
            for name in field.all("b") if is_publication(field) else ():
                publisher = name.strip() if trim is str.strip else without_brackets(without_mark_but_stop(name))
                if publisher and publisher.lower() not in _NO_PUBLISHER:
                    return publisher
    return None


def _first(record: MarcRecord, tag: str, trim: Trim) -> str | None:
    """Return $a of the first field with this tag that has one."""
    for field in record.tagged(tag):
        if (text := field.first("a")) is not None:
            return (text.strip() if trim is str.strip else without_brackets(trim(text))) or None
    return None


def _url(record: MarcRecord) -> tuple[str | None, list[str]]:
    """Return the address of the book itself (856 with a second indicator 0 or 1), and "856" if there are others."""
    addresses = [
        (address.strip(), field.indicators[1] in "01") for field in record.tagged("856") for address in field.all("u")
    ]
    own = [address for address, is_own in addresses if is_own]
    return (own[0] if own else None), ["856"] if len(addresses) > min(len(own), 1) else []


def _unread(record: MarcRecord) -> list[str]:
    """Return the tags of fields that are not read, once each, and what is damaged."""
    present = {field.tag for field in record.fields}
    known = _READ | _ABOUT_THE_RECORD
    if "490" not in present:
        known |= {"440"} if "440" in present else {"830"}
    return sorted(present - known) + record.damaged
