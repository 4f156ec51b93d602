import json

from diptych.core.formats.json_ld.writer import JsonLdWriter
from diptych.core.formats.record import BookRecord, Contributor, Identifier, SeriesPosition, TagName

BOOK = BookRecord(
    line=1,
    title="Buddenbrooks",
    subtitle="The Decline of a Family",
    contributors=(
        Contributor("Thomas Mann", "author", "Mann, Thomas", "person", 1875, 1955),
        Contributor("John E. Woods", "translator"),
        Contributor("Modern Library", "illustrator", kind="body"),
        Contributor("Ann Reader", "narrator"),
    ),
    isbn="9780679752608",
    year=1994,
    published="1994-06",
    language="en",
    publisher="Vintage",
    edition="2nd",
    format="paperback",
    pages=731,
    description="A novel.",
    tags=(TagName("novel"),),
    url="https://example.org/1",
    identifiers=(Identifier("isbn", "9780394722733"), Identifier("oclc", "28257503")),
    series=(SeriesPosition("Vintage International", "12"),),
    original_title="Buddenbrooks",
    original_language="de",
    original_year=1901,
)


def test_a_book_has_the_properties_of_schema_org():
    writer = JsonLdWriter()
    document = json.loads(writer.begin + writer.record(BOOK) + writer.between + writer.record(BOOK) + writer.end)
    assert document["@context"] == "https://schema.org"
    node, same = document["@graph"]
    assert node == same
    assert node == {
        "@type": "Book",
        "name": "Buddenbrooks",
        "alternativeHeadline": "The Decline of a Family",
        "author": [{"@type": "Person", "name": "Thomas Mann", "birthDate": "1875", "deathDate": "1955"}],
        "translator": [{"@type": "Person", "name": "John E. Woods"}],
        "contributor": [{"@type": "Organization", "name": "Modern Library"}, {"@type": "Person", "name": "Ann Reader"}],
        "isbn": ["9780679752608", "9780394722733"],
        "datePublished": "1994-06",
        "inLanguage": "en",
        "publisher": {"@type": "Organization", "name": "Vintage"},
        "bookEdition": "2nd",
        "bookFormat": "https://schema.org/Paperback",
        "numberOfPages": 731,
        "isPartOf": [{"@type": "BookSeries", "name": "Vintage International", "position": "12"}],
        "position": "12",
        "keywords": ["novel"],
        "description": "A novel.",
        "url": "https://example.org/1",
        "translationOfWork": {"@type": "Book", "name": "Buddenbrooks", "inLanguage": "de", "datePublished": "1901"},
        "identifier": [{"@type": "PropertyValue", "propertyID": "oclc", "value": "28257503"}],
    }


def test_what_a_book_does_not_have_is_left_out():
    assert json.loads(JsonLdWriter().record(BookRecord(line=1, title="T"))) == {"@type": "Book", "name": "T"}
