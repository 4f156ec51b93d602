"""What fields of MARC 21 say about a book."""

import pytest

from diptych.core.formats.record import RawContributor
from tests.core.formats.marc.records import LEADER, book


def of_type(letter):
    return LEADER[:6] + letter + LEADER[7:]


def fixed(dates="s2005    ", form=" ", language="eng"):
    return f"008 000000{dates}xx {5 * ' '}{form}{11 * ' '}{language} d"


@pytest.mark.parametrize(
    ("line", "title", "subtitle"),
    [
        ("245 10 $aProgramming Python /$cMark Lutz.", "Programming Python", None),
        ("245 10 $aAmateur media :$bsocial perspectives /$cDan Hunter.", "Amateur media", "social perspectives"),
        ("245 00 $aThe educational circular.", "The educational circular", None),
        ("245 00 $aProverbs.$nPart 2,$pThe return /$cA.", "Proverbs. Part 2, The return", None),
        ("245 00 $aProverbs$pThe return", "Proverbs. The return", None),
        ("245 00 $aWhat is U.S.A.", "What is U.S.A.", None),
        ("245 00 $aAnd then ... /", "And then ...", None),
        ("245 00 $aVoyages, etc. /", "Voyages, etc.", None),
        ("245 00 $aWhy? /", "Why?", None),
        ("245 00 $aAC/DC", "AC/DC", None),
        ("245 10 $kPapers.", "Papers", None),
    ],
)
def test_a_title_has_no_marks_of_isbd(line, title, subtitle):
    found = book(title=line)
    assert (found.title, found.subtitle) == (title, subtitle)


def test_marks_stay_where_the_leader_says_that_there_are_none():
    assert book(title="245 00 $aEither/Or /", leader=LEADER[:18] + "c" + LEADER[19:]).title == "Either/Or /"


@pytest.mark.parametrize(
    ("line", "name", "sort_name", "birth", "death"),
    [
        ("100 1  $aHunt, Andrew,$d1964-", "Andrew Hunt", "Hunt, Andrew", "1964", None),
        ("100 1  $aDickens, Charles,$d1812-1870.", "Charles Dickens", "Dickens, Charles", "1812", "1870"),
        ("100 1  $aParis, Bernard J.", "Bernard J. Paris", "Paris, Bernard J.", None, None),
        ("100 1  $aLutz, Mark.", "Mark Lutz", "Lutz, Mark", None, None),
        ("100 1  $aHobo.", "Hobo", None, None, None),
        ("100 0  $aHomer.", "Homer", None, None, None),
        ("100 0  $aJohn Paul$bII,$cPope,$d1920-2005.", "John Paul II", "John Paul II, Pope", "1920", "2005"),
        ("100 1  $aKing, Martin,$cJr.,$d1929-1968.", "Martin King, Jr.", "King, Martin, Jr.", "1929", "1968"),
        ("100 1  $aDoyle, Arthur,$cSir,$d1859-1930.", "Arthur Doyle", "Doyle, Arthur, Sir", "1859", "1930"),
        ("100 1  $aKing, Martin Luther, Jr.", None, "King, Martin Luther, Jr.", None, None),
        ("100 1  $aSmith, Joan,$db. 1930.", "Joan Smith", "Smith, Joan", "1930", None),
        ("100 1  $aSmith, Joan,$dd. 1630.", "Joan Smith", "Smith, Joan", None, "1630"),
        ("100 1  $aSmith, Joan,$d1930 March 3-2001 May 2.", "Joan Smith", "Smith, Joan", "1930", "2001"),
        ("100 1  $aSmith, Joan,$dapproximately 1612-1670.", "Joan Smith", "Smith, Joan", None, "1670"),
        ("100 1  $aSmith, Joan,$d1612?-1670.", "Joan Smith", "Smith, Joan", None, "1670"),
        ("100 1  $aSmith, Joan,$dactive 17th century.", "Joan Smith", "Smith, Joan", None, None),
        ("100 1  $aSmith, Joan,$dactive 1612-1630.", "Joan Smith", "Smith, Joan", None, None),
        ("100 0  $aAristotle,$d384-322 B.C.", "Aristotle", None, "384 B.C.", "322 B.C"),
        ("100 0  $aAugustus,$d63 B.C.-14 A.D.", "Augustus", None, "63 B.C.", "14"),
    ],
)
def test_a_person_has_names_and_only_certain_years(line, name, sort_name, birth, death):
    (found,) = book(line).contributors
    assert found == RawContributor(
        name=name, sort_name=sort_name, kind="person", birth=birth, death=death, role="author"
    )


def test_years_that_are_not_certain_are_told():
    assert "100 $d that is not certain" in book("100 1  $aSmith, Joan,$dapproximately 1612-1670.").unread


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    [
        ("110 2  $aAdobe Systems.", "Adobe Systems", "body"),
        ("110 1  $aUnited States.$bCongress.$bHouse.", "United States. Congress. House", "body"),
        ("111 2  $aCongress on Tea$n(2nd :$d1999 :$cParis)", "Congress on Tea (2nd : 1999 : Paris)", "meeting"),
        ("720    $aJane Doe", "Jane Doe", None),
    ],
)
def test_bodies_and_meetings_are_contributors(line, name, kind):
    (found,) = book(line).contributors
    assert (found.name, found.sort_name, found.kind) == (name, None, kind)


@pytest.mark.parametrize(
    ("line", "roles"),
    [
        ("700 1  $aDoe, Jane$4edt$eauthor", ["editor"]),
        ("700 1  $aDoe, Jane,$etranslator.", ["translator"]),
        ("700 1  $aDoe, Jane,$eHrsg.", ["editor"]),
        ("700 1  $aDoe, Jane$4aut$4ill", ["author", "illustrator"]),
        ("700 1  $aDoe, Jane$4http://id.loc.gov/vocabulary/relators/nrt", ["narrator"]),
        ("700 1  $aDoe, Jane,$ewriter of foreword.", ["foreword"]),
        ("700 1  $aDoe, Jane", ["other"]),
        ("700 1  $aDoe, Jane,$ebinder.", ["other"]),
        ("711 2  $aCongress$jauthor", ["author"]),
        ("700 1  $aDoe, Jane$tWorks", []),
    ],
)
def test_a_relator_is_a_role(line, roles):
    assert [found.role for found in book(line).contributors] == roles


def test_a_relator_that_is_not_known_and_a_work_are_told():
    assert book("700 1  $aDoe, Jane,$ebinder.").unread == ["700 $e binder"]
    assert book("700 1  $aDoe, Jane$tWorks").unread == ["700 with $t"]


def test_identifiers_have_schemes():
    found = book(
        "010    $a  2001627090 ",
        "020    $a0804429573 (pbk.)$z123",
        "022    $a0317-8471",
        "024 7  $a10.1000/182$2doi",
        "024 3  $a4006381333931",
        "024 2  $aM571100511",
        "035    $a(OCoLC)ocm00012345",
        "035    $a(DE-604)BV1",
    )
    assert found.identifiers == [
        ("lccn", "2001627090"),
        ("isbn", "0804429573 (pbk.)"),
        ("isbn_invalid", "123"),
        ("issn", "0317-8471"),
        ("doi", "10.1000/182"),
        ("ean", "4006381333931"),
        ("oclc", "12345"),
    ]
    assert found.unread == ["024", "035"]


@pytest.mark.parametrize(
    ("lines", "published", "original"),
    [
        ([fixed("s2005    ")], ["2005"], []),
        ([fixed("e20050307")], ["2005-03-07"], []),
        ([fixed("e200503  ")], ["2005-03"], []),
        ([fixed("m19982001")], ["1998/2001"], []),
        ([fixed("m19989999")], ["1998"], []),
        ([fixed("r19991850")], ["1999"], ["1850"]),
        ([fixed("t20142015")], ["2014"], []),
        ([fixed("q19001950")], [], []),
        ([fixed("s184u    "), "260    $c[184-]"], ["[184-]"], []),
        ([fixed("s2005    "), "264  1 $c2005-03-07"], ["2005-03-07", "2005"], []),
        (["264  1 $c2014.", "264  4 $c©2013"], ["2014.", "©2013"], []),
        (["264  3 $c2012"], [], []),
        (["260    $cc1999.", "534    $c1850."], ["c1999."], ["1850."]),
    ],
)
def test_dates_are_in_the_order_of_their_worth(lines, published, original):
    found = book(*lines)
    assert (found.published, found.original_published) == (published, original)


@pytest.mark.parametrize(
    ("lines", "languages", "originals"),
    [
        ([fixed(language="ger")], ["ger"], []),
        ([fixed(language="eng"), "041 0  $aengfre$aspa"], ["eng", "fre", "spa"], []),
        ([fixed(language="eng"), "041 1  $aeng$hrus"], ["eng"], ["rus"]),
        ([fixed(language="und")], [], []),
        ([fixed(language="eng"), "041  7 $aen-GB$2rfc5646"], ["en-GB"], []),
        ([fixed(language="eng"), "041  7 $aen$2iso639-1"], ["eng"], []),
    ],
)
def test_languages_are_of_the_text_and_of_the_original(lines, languages, originals):
    found = book(*lines)
    assert (found.languages, found.original_languages) == (languages, originals)


@pytest.mark.parametrize(
    ("lines", "title", "unread"),
    [
        (["240 10 $aVoĭna i mir.$lEnglish"], "Voĭna i mir", []),
        (["240 10 $aHamlet"], None, ["240"]),
        (["041 1  $aeng$hrus", "240 10 $aVoĭna i mir"], "Voĭna i mir", []),
        (["765 0  $tKrieg und Frieden"], "Krieg und Frieden", []),
    ],
)
def test_a_uniform_title_is_the_original_only_of_a_translation(lines, title, unread):
    found = book(*lines)
    assert (found.original_title, found.unread) == (title, unread)


@pytest.mark.parametrize(
    ("lines", "format_"),
    [
        (["020    $a0804429573 (pbk.)"], "paperback"),
        (["020    $a0804429573$q(hardback)"], "hardcover"),
        (["020    $a0804429573 (pbk.)", "020    $a9780804429573 (v. 1)"], None),
        (["020    $a0804429573 (pbk.)", "020    $a9780804429573 (hbk.)"], None),
        ([fixed(form="o")], "ebook"),
        ([fixed(form="a")], "other"),
        (["338    $aonline resource$bcr$2rdacarrier"], "ebook"),
        ([fixed()], None),
    ],
)
def test_a_format_is_what_the_record_says(lines, format_):
    assert book(*lines).format == format_


def test_a_recording_of_speech_is_an_audiobook_and_a_map_is_something_else():
    assert book(leader=of_type("i")).format == "audiobook"
    assert book(leader=of_type("e")).format == "other"


def test_publication_extent_and_edition_have_no_marks():
    found = book(
        "250    $a2nd ed. /", "260    $aNew York :$b[Elsevier Pub. Co.],$c1971.", "300    $axii, 243 p. :$bill."
    )
    assert (found.publisher, found.edition, found.pages) == ("Elsevier Pub. Co.", "2nd ed.", "xii, 243 p.")
    assert book("260    $aS.l. :$b[s.n.],$c1971.").publisher is None
    assert book("264  4 $b©", "264  1 $bHurst & Company,").publisher == "Hurst & Company"


def test_series_are_as_the_book_states_them():
    assert book("490 1  $aFoundation ;$v2", "830  0 $aFoundation series ;$v2").series == [("Foundation", "2")]
    assert book("830  0 $aFoundation series ;$v2.").series == [("Foundation series", "2.")]
    assert book("440  0 $aFoundation ;$vII").series == [("Foundation", "II")]


def test_subjects_are_tags_of_a_scheme():
    found = book(
        "600 10 $aEliot, George,$d1819-1880$xReligion.",
        "650  2 $aAnatomy",
        "650  7 $aTea$2fast$0(OCoLC)fst01",
        "650  4 $aCooking",
        "651  0 $aParis (France)$vFiction.",
        "653    $akitchen$ahome",
        "655  7 $aNovels$2lcgft",
    )
    assert found.tags == [
        ("Eliot, George, 1819-1880--Religion", "lcsh"),
        ("Anatomy", "mesh"),
        ("Tea", "fast"),
        ("Cooking", None),
        ("Paris (France)--Fiction", "lcsh"),
        ("kitchen", None),
        ("home", None),
        ("Novels", "lcgft"),
    ]


def test_summaries_are_paragraphs_and_an_address_is_of_the_book_itself():
    found = book(
        "520    $aOne.$bMore.",
        "520    $aTwo.",
        "856 42 $uhttps://example.org/cover",
        "856 40 $uhttps://example.org/book",
    )
    assert found.description == "One. More.\n\nTwo."
    assert (found.url, found.unread) == ("https://example.org/book", ["856"])


def test_a_record_has_the_number_that_its_source_gives():
    assert book("001  123 ", "003  DLC").record_id == "(DLC)123"
    assert book("001  123").record_id == "123"
    assert book().record_id is None
