import io
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from diptych.core.formats.normalization import normalized
from diptych.core.formats.onix.reader import read
from diptych.core.formats.record import (
    Contributor,
    RawBook,
    RawContributor,
    Reject,
    SeriesPosition,
    TagName,
)

FILES = Path(__file__).parents[3] / "data/formats/onix"


def reading(*products, header="", root="ONIXMessage", doctype=""):
    """Read a message with the content of some products."""
    records = "".join(f"<Product>{product}</Product>" for product in products)
    return list(read(io.BytesIO(f"{doctype}<{root}>{header}{records}</{root}>".encode())))


def described(*elements):
    """Read a product of ONIX 3.0 with these elements of Block 1."""
    (book,) = reading(f"<DescriptiveDetail>{''.join(elements)}</DescriptiveDetail>")
    return book


def of_file(name):
    with (FILES / name).open("rb") as stream:
        (raw,) = read(stream)
    book, troubles = normalized(raw)
    assert {trouble.reason for trouble in troubles} <= {"HTML tags"}
    return raw, book


# --- real files ---


def test_a_product_of_3_0_becomes_a_book():
    raw, book = of_file("single-book-onix3.xml")
    assert (book.title, book.subtitle, book.edition, book.url) == ("Roseanna", None, None, None)
    assert book.contributors == (
        Contributor("Maj Sjöwall", "author", "Sjöwall, Maj", "person"),
        Contributor("Per Wahlöö", "author", "Wahlöö, Per", "person"),
        Contributor("Lois Roth", "translator", "Roth, Lois", "person"),
        Contributor("Henning Mankell", "foreword", "Mankell, Henning", "person"),
    )
    assert (book.isbn, book.identifiers) == ("9780007232833", ())
    assert (book.published, book.year, book.original_year) == ("2006-08-07", 2006, 1965)
    assert (book.language, book.original_language) == ("en", "sv")
    assert (book.publisher, book.format, book.pages) == ("HarperCollins Publishers", "paperback", 245)
    assert book.series == (SeriesPosition("The Martin Beck series", "1"),)
    assert book.tags == (
        TagName("ffp", "thema"),
        TagName("fyt", "thema"),
        TagName("fic022000", "bisac"),
        TagName("martin beck"),
        TagName("roseanna mcgraw"),
        TagName("lake vättern"),
        TagName("stockholm"),
        TagName("police procedural"),
    )
    assert book.description.startswith("Widely recognised as the among the greatest crime fiction ever written")
    endings = ["Jonathan Franzen.", "in crime fiction.", "eighty-five people.", "suspense and sadness."]
    for paragraph, ending in zip(book.description.split("\n"), endings, strict=True):
        assert paragraph.endswith(ending)
    assert "<" not in book.description
    assert book.record_id == "com.globalbookinfo.onix.01734529"
    assert set(raw.unread) > {"ProductSupply", "Imprint", "title of type 10", "TextContent of type 02"}


def test_short_tags_say_the_same_as_reference_names():
    raw, book = of_file("single-book-onix3-short.xml")
    other_raw, other_book = of_file("single-book-onix3.xml")
    assert book == other_book
    assert raw.unread == other_raw.unread


def test_a_product_of_2_1_becomes_a_book():
    raw, book = of_file("single-book-onix2.xml")
    assert book.title == "Be the Hero"
    assert book.contributors == (Contributor("Noah Blumenthal", "author", "Blumenthal, Noah", "person"),)
    assert (book.isbn, book.identifiers, book.record_id) == ("9781576753422", (), "9781576753422")
    assert (book.published, book.language, book.pages, book.format) == ("2008-12-08", "en", 155, "ebook")
    assert book.publisher == "Berrett-Koehler Publishers"
    assert book.description.startswith("Executive coach and corporate speaker and trainer Blumenthal shows")
    assert book.tags == (
        TagName("bus000000", "bisac"),
        TagName("business"),
        TagName("leadership"),
        TagName("best sellers"),
    )
    assert raw.unread == [
        "EpubType",
        "WorkIdentifier",
        "CountryOfPublication",
        "SalesRights",
        "RelatedProduct",
        "SupplyDetail",
        "ProductIdentifier of type 01",
        "Subject of scheme 01 (a code alone)",
    ]


def test_the_same_products_in_2_1_and_3_0_are_the_same_books():
    books = []
    for release in (2, 3):
        with (FILES / f"two-books-onix{release}.xml").open("rb") as stream:
            books.append([normalized(raw)[0] for raw in read(stream)])
    assert [book.title for book in books[0]] == ["Runaway Robot", "The Forgotten: A John Puller Novel 2"]
    assert [(series.name, series.position) for series in books[0][1].series] == [("John Puller", "7")]
    for old, new in zip(*books, strict=True):
        # The main subject is a code in 2.1, and has a heading in the file in 3.0.
        assert msgspec.structs.replace(old, tags=new.tags) == new


# --- elements ---


def title_detail(kind, *elements):
    inner = "".join(f"<TitleElement>{element}</TitleElement>" for element in elements)
    return f"<TitleDetail><TitleType>{kind}</TitleType>{inner}</TitleDetail>"


LEVEL = "<TitleElementLevel>{}</TitleElementLevel>"
BECK = LEVEL.format("02") + "<TitleText>Martin Beck</TitleText>"


@pytest.mark.parametrize(
    ("elements", "title", "subtitle", "series"),
    [
        (["<TitlePrefix>The</TitlePrefix><TitleWithoutPrefix>End</TitleWithoutPrefix>"], "The End", None, []),
        (["<TitlePrefix>L\u2019</TitlePrefix><TitleWithoutPrefix>Être</TitleWithoutPrefix>"], "L\u2019Être", None, []),
        (["<TitleText>A <em>B</em> C</TitleText><Subtitle>d</Subtitle>"], "A B C", "d", []),
        (["<TitleText>Papers</TitleText><PartNumber>Volume 2</PartNumber>"], "Papers, Volume 2", None, []),
        ([BECK, f"{LEVEL.format('01')}<PartNumber>4</PartNumber>"], "Martin Beck, 4", None, [("Martin Beck", "4")]),
        (
            [
                f"<SequenceNumber>2</SequenceNumber>{LEVEL.format('01')}<TitleText>Roseanna</TitleText>",
                f"<SequenceNumber>1</SequenceNumber>{BECK}<PartNumber>1</PartNumber>",
            ],
            "Roseanna",
            None,
            [("Martin Beck", "1")],
        ),
    ],
)
def test_titles_are_made_of_their_elements(elements, title, subtitle, series):
    book = described(title_detail("01", *elements), title_detail("03", "<TitleText>Das Original</TitleText>"))
    assert (book.title, book.subtitle, book.series) == (title, subtitle, series)
    assert book.original_title == "Das Original"
    assert described(title_detail("00", *elements)).title == title


def test_a_position_in_a_series_is_that_of_the_title_or_of_the_order():
    sequence = (
        "<CollectionSequence><CollectionSequenceType>{}</CollectionSequenceType>"
        "<CollectionSequenceNumber>{}</CollectionSequenceNumber></CollectionSequence>"
    )
    orders = sequence.format("02", "2.5") + sequence.format("03", "7")
    sub = LEVEL.format("03") + "<TitleText>Sub</TitleText>"
    assert described(f"<Collection>{orders}{title_detail('01', BECK)}</Collection>").series == [("Martin Beck", "2.5")]
    numbered = [f"<SequenceNumber>{place}</SequenceNumber>{element}" for place, element in ((2, sub), (1, BECK))]
    assert described(f"<Collection>{orders}{title_detail('01', *numbered)}</Collection>").series == [
        ("Martin Beck", None),
        ("Sub", "2.5"),
    ]
    (old,) = reading("<Series><TitleOfSeries>S</TitleOfSeries><NumberWithinSeries>II</NumberWithinSeries></Series>")
    assert old.series == [("S", "II")]


def person(*elements, role="A01"):
    return f"<Contributor><ContributorRole>{role}</ContributorRole>{''.join(elements)}</Contributor>"


def test_names_are_read_in_every_form():
    book = described(
        person(
            "<NamesBeforeKey>Ludwig</NamesBeforeKey><PrefixToKey>van</PrefixToKey><KeyNames>Beethoven</KeyNames>"
            "<ContributorDate><ContributorDateRole>50</ContributorDateRole><Date dateformat='05'>1770</Date>"
            "</ContributorDate><ContributorDate><ContributorDateRole>51</ContributorDateRole><Date>18270326</Date>"
            "</ContributorDate>"
        ),
        person(
            "<NamesBeforeKey>Martin</NamesBeforeKey><KeyNames>King</KeyNames><SuffixToKey>Jr</SuffixToKey>"
            "<SequenceNumber>1</SequenceNumber>"
        ),
        person("<KeyNames>Mao</KeyNames><NamesAfterKey>Zedong</NamesAfterKey>"),
        person("<PersonNameInverted>Doe, Jane</PersonNameInverted>"),
        person("<CorporateName>NASA</CorporateName>", role="A99"),
        person("<UnnamedPersons>02</UnnamedPersons>"),
    )
    assert book.contributors == [
        RawContributor(name="Martin King Jr", sort_name="King, Martin, Jr", kind="person"),
        RawContributor(
            name="Ludwig van Beethoven",
            sort_name="Beethoven, Ludwig van",
            kind="person",
            birth="1770",
            death="1827-03-26",
        ),
        RawContributor(name="Mao Zedong", kind="person"),
        RawContributor(sort_name="Doe, Jane", kind="person"),
        RawContributor(name="NASA", kind="body"),
    ]
    assert book.unread == ["Contributor (unnamed)"]
    (old,) = reading(
        person(
            "<PersonName>A</PersonName><PersonDate><PersonDateRole>007</PersonDateRole><DateFormat>05</DateFormat>"
            "<Date>1900</Date></PersonDate>"
        )
    )
    assert old.contributors == [RawContributor(name="A", kind="person", birth="1900")]


def test_every_role_of_a_contributor_is_kept_once():
    roles = "".join(f"<ContributorRole>{code}</ContributorRole>" for code in ("A23", "B10", "B01", "A24", "Z99"))
    book = described(person("<PersonName>A</PersonName>", roles, role="E07"))
    assert [one.role for one in book.contributors] == ["narrator", "foreword", "editor", "translator", "other"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("<Date dateformat='01'>200608</Date>", ["2006-08"]),
        ("<Date dateformat='00'>20060800</Date>", ["2006-08"]),
        ("<Date>2006</Date>", ["2006"]),
        ("<Date dateformat='03'>20063</Date>", ["2006"]),
        ("<Date dateformat='14'>20060807T101500Z</Date>", ["2006-08-07"]),
        ("<Date dateformat='11'>20062008</Date>", ["2006/2008"]),
        ("<Date dateformat='12'>Spring 2006</Date>", ["Spring 2006"]),
        ("<Date dateformat='00'>soon</Date>", ["soon"]),
        ("<Date dateformat='25'>1427</Date>", []),
    ],
)
def test_dates_are_read_by_their_format(date, expected):
    (book,) = reading(
        f"<PublishingDetail><PublishingDate><PublishingDateRole>01</PublishingDateRole>{date}</PublishingDate>"
        "</PublishingDetail>"
    )
    assert book.published == expected
    assert book.unread == ([] if expected else ["a date in the Islamic calendar"])


@pytest.mark.parametrize(
    ("code", "expected"),
    [("BB", "hardcover"), ("BC", "paperback"), ("AJ", "audiobook"), ("ED", "ebook"), ("BH", "other"), ("BA", None)],
)
def test_the_form_of_a_product_is_the_format_of_the_book(code, expected):
    assert described(f"<ProductForm>{code}</ProductForm>").format == expected


def test_a_description_keeps_the_text_of_markup_and_the_best_kind_is_taken():
    text = "<TextContent><TextType>{}</TextType><Text>{}</Text></TextContent>"
    (book,) = reading(
        "<CollateralDetail>"
        + text.format("02", "Short.")
        + text.format("03", "<p>One &amp; <b>two</b></p><p>3 &lt; 4</p>")
        + text.format("03", "For teachers.")
        + "</CollateralDetail><RecordReference>1</RecordReference>"
    )
    assert normalized_description(book) == "One & two\n3 < 4"
    assert book.unread == ["TextContent of type 03", "TextContent of type 02"]
    other = "<OtherText><TextTypeCode>{}</TextTypeCode><Text>{}</Text></OtherText>"
    (old,) = reading(other.format("02", "Short.") + other.format("01", "<![CDATA[<p>Main</p>]]>"))
    assert normalized_description(old) == "Main"


def normalized_description(raw):
    raw.title = "T"
    return normalized(raw)[0].description


def test_numbers_and_languages_and_what_is_not_taken():
    number = "<ProductIdentifier><ProductIDType>{}</ProductIDType><IDValue>{}</IDValue></ProductIdentifier>"
    (book,) = reading(
        "".join(number.format(*pair) for pair in [("02", "0007232837"), ("06", "10.1/x"), ("13", "65-1"), ("22", "u")])
        + "<ISBN>0007232837</ISBN><EditionNumber>2</EditionNumber><LanguageOfText>fre</LanguageOfText><Prize/>",
        header="<Header><DefaultLanguageOfText>ger</DefaultLanguageOfText></Header>",
    )
    assert book.identifiers == [("isbn", "0007232837"), ("doi", "10.1/x"), ("lccn", "65-1"), ("isbn", "0007232837")]
    assert (book.edition, book.languages) == ("2", ["fre"])
    assert book.unread == ["Prize", "ProductIdentifier of type 22"]
    (book,) = reading("", header="<Header><DefaultLanguageOfText>ger</DefaultLanguageOfText></Header>")
    assert book.languages == ["ger"]


def test_an_imprint_is_the_publisher_where_no_other_is_named():
    imprint = "<Imprint><ImprintName>I</ImprintName></Imprint>"
    owner = "<Publisher><PublishingRole>13</PublishingRole><PublisherName>Former</PublisherName></Publisher>"
    (book,) = reading(f"<PublishingDetail>{imprint}{owner}</PublishingDetail>")
    assert (book.publisher, book.unread) == ("I", ["Publisher of role 13"])


# --- records that are not taken, and hostile files ---


def test_deletions_and_partial_updates_are_told_and_nothing_else_is_lost():
    found = reading(*(f"<NotificationType>{code}</NotificationType>" for code in ("03", "05", "04", "89", "01")))
    assert [type(item) for item in found] == [RawBook, Reject, Reject, Reject, RawBook]
    assert "to be deleted: nothing is deleted here" in found[1].reason
    assert "import the whole record" in found[2].reason
    assert found[3].reason == "the record is a test"
    assert [item.line for item in found[1:4]] == [2, 3, 4]
    assert found[1].raw.startswith("<Product><NotificationType>05")


def test_named_entities_of_2_1_are_known_without_its_dtd():
    doctype = '<!DOCTYPE ONIXMessage SYSTEM "http://www.editeur.org/onix/2.1/reference/onix-international.dtd">'
    title = "<Title><TitleType>01</TitleType><TitleText>Caf&eacute; &ndash; &Scaron; &amp; &lt;x</TitleText></Title>"
    (book,) = reading(title, doctype=doctype)
    assert book.title == "Café \u2013 Š & <x"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE a SYSTEM "a.dtd" [<!ENTITY % x SYSTEM "http://localhost/x">%x;]>',
    ],
)
def test_a_doctype_that_defines_anything_is_refused(doctype):
    with pytest.raises(ValueError, match="DOCTYPE"):
        reading("<Title><TitleType>01</TitleType><TitleText>&x;</TitleText></Title>", doctype=doctype)


def test_a_file_that_is_cut_off_gives_its_whole_products_and_is_told():
    data = (FILES / "single-book-onix3.xml").read_bytes()
    one = data[: data.index(b"</ONIXMessage>")]
    again = data[data.index(b"<Product>") : data.index(b"<PublishingDetail>")]
    first, last = read(io.BytesIO(one + again))
    assert first.title == "Roseanna"
    assert "the rest of the file cannot be read" in last.reason


@pytest.mark.parametrize("xml", [b"<ONIXMessage/>", b"<rss><Channel/></rss>"])
def test_a_file_without_products_is_no_onix(xml):
    with pytest.raises(ValueError, match="there is no Product in the file"):
        list(read(io.BytesIO(xml)))


def test_a_message_is_read_in_constant_memory():
    data = (FILES / "single-book-onix3-short.xml").read_bytes()
    start, end = data.index(b"<product>"), data.index(b"</ONIXmessage>")
    stream = io.BytesIO(data[:start] + data[start:end] * 60 + data[end:])
    tracemalloc.start()
    assert sum(1 for _ in read(stream)) == 60
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500_000
