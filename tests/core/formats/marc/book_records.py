"""Books of all kinds for round trips through MARC."""

from hypothesis import strategies as st

from diptych.core.formats.marc.relators import CODES
from diptych.core.formats.record import BookRecord, Contributor, Identifier, SeriesPosition, TagName

# Marks of ISBD at the ends, letters of two bytes and four, and what MARC and XML mark up.
WORDS = ("Foo", "bar.", "/", ":", "[1]", "(x)", "Ünï", "漢字", "\U00020000", "$a", "&", "<", "II", "a,b", ",", "Jr.")
WORDS += ("--", "=", "1812-1870", '"', "'", "\u1ec7", "Name:")
_WORD = st.sampled_from(WORDS)
TEXTS = st.one_of(_WORD, st.tuples(_WORD, _WORD, _WORD).map(" ".join)).filter(lambda text: text != "--")
NAMES = TEXTS.filter(lambda text: any(char.isalpha() for char in text))
YEARS = st.one_of(st.none(), st.integers(-700, -1), st.integers(1, 2030))
DATES = st.sampled_from(
    ["1999", "0099", "-0750", "2019-03", "2019-03-05", "1998/2001", "1998/1998", "2019-03/2019-05-01", "-0100/0050"]
)
LANGUAGES = st.one_of(st.none(), st.sampled_from(["en", "de", "fr", "ro", "zh-Hant-TW", "en-GB", "grc", "sr", "x-own"]))
TAG_SCHEMES = st.sampled_from([None, "lcsh", "mesh", "bisac"])
IDENTIFIERS = st.sampled_from(
    [
        ("isbn", "9780131103627"),
        ("isbn", "9780201616224"),
        ("isbn_invalid", "0-13-110362-9 (wrong)"),
        ("issn", "0317-8471"),
        ("oclc", "12345"),
        ("lccn", "n78890351"),
        ("olid", "OL7353617M"),
        ("doi", "10.1000/182"),
        ("asin", "B000FA64PK"),
        ("goodreads", "5907"),
        ("librarything", "1386651"),
        ("ean", "4006381333931"),
    ]
)


@st.composite
def contributors(draw):
    kind = draw(st.sampled_from(["person", "body", "meeting", None]))
    name = draw(NAMES)
    family, _, given = name.rpartition(" ")
    sort_name = draw(st.sampled_from([None, f"{given}, {family}", f"{family}, {given}, Jr.", "Mao, Zedong", "Q", name]))
    birth, death = (draw(YEARS), draw(YEARS)) if kind in ("person", None) else (None, None)
    if birth is not None and death is not None:
        birth, death = sorted((birth, death))
    return Contributor(
        name=name,
        role=draw(st.sampled_from(sorted(CODES))),
        sort_name=None if sort_name is None else sort_name.strip(),
        kind=kind,
        birth_year=birth,
        death_year=death,
    )


def unique(items, key=lambda item: item):
    return tuple({key(item): item for item in items}.values())


@st.composite
def books(draw):
    optional = st.one_of(st.none(), TEXTS)
    published = draw(st.one_of(st.none(), DATES))
    tags = draw(st.lists(st.builds(TagName, TEXTS.map(str.lower), TAG_SCHEMES), max_size=3))
    isbn = draw(st.one_of(st.none(), st.just("9783161484100")))
    numbers = [Identifier(*pair) for pair in draw(st.lists(IDENTIFIERS, max_size=4)) if isbn or pair[0] != "isbn"]
    numbers.sort(key=lambda each: each.scheme != "isbn")  # as normalized() has them
    series = draw(st.lists(st.builds(SeriesPosition, TEXTS, optional), max_size=3))
    return BookRecord(
        line=1,
        title=draw(TEXTS),
        subtitle=draw(optional),
        contributors=unique(draw(st.lists(contributors(), max_size=3))),
        isbn=isbn,
        published=published,
        year=None if published is None else int(published[: 5 if published[0] == "-" else 4]),
        language=draw(LANGUAGES),
        original_language=draw(LANGUAGES),
        original_title=draw(optional),
        original_year=draw(YEARS),
        description=draw(st.one_of(st.none(), st.lists(TEXTS, min_size=1, max_size=3).map("\n\n  ".join))),
        publisher=draw(optional),
        edition=draw(optional),
        format=draw(st.sampled_from([None, "hardcover", "paperback", "ebook", "audiobook", "other"])),
        pages=draw(st.one_of(st.none(), st.integers(1, 100_000))),
        url=draw(st.one_of(st.none(), st.just("https://example.org/?a=1&b=2"))),
        tags=unique(tags, key=lambda tag: tag.name),
        series=unique(series, key=lambda each: each.name),
        identifiers=unique(numbers),
        record_id=draw(st.sampled_from([None, "123", "(DLC)00282214", "(a b) c", "()1"])),
    )
