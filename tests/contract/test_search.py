"""`q`: ranked full-text search with the same results on every database."""

# ruff: noqa: RUF001 - letters of every script

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.making import NAMED_BY, RESOURCES, Row, ids, make_author, marker, new_id, read, refused

everywhere = pytest.mark.parametrize("resource", RESOURCES)

CORPUS = {
    "plain": "The War of the Worlds",
    "peace": "War and Peace",
    "accents": "L’Étranger — précédé de Noces à Tipasa",
    "decomposed": "Cafe\u0301 Mu\u0308ller",
    "turkish": "İstanbul’da Işık ve ağaç",
    "german": "Straße der Weißen Fußgänger",
    "scandinavian": "Ærø, Smørrebrød & Ålesund",
    "polish": "Zażółć gęślą jaźń, Łódź",
    "greek": "Ἡ Ὀδύσσεια τοῦ Ὁμήρου",
    "cyrillic": "Преступление и наказание",
    "stressed": "За\u0301мок и замо\u0301к",
    "ukrainian": "П’ять ложок еліксиру",
    "arabic": "أَلْف لَيْلَة وَلَيْلَة",
    "persian": "می\u200cخواهم زنده بمانم",
    "hebrew": "שִׁיר־הַשִּׁירִים אשר לשלמה",
    "devanagari": "गोदान और ग़बन",
    "tamil": "பொன்னியின் செல்வன்",
    "chinese": "紅樓夢：第一回",
    "japanese": "東京都の歴史",
    "capital": "京都と東の都",
    "katakana": "ノルウェイの森",
    "halfwidth": "ﾊﾙｷ ﾑﾗｶﾐ",
    "korean": "서울의 봄, 봄 서울",
    "thai": "สี่แผ่นดิน",
    "emoji": "I ♥️ New York 👨\u200d👩\u200d👧",
    "hyphens": "Twenty-first-century rock'n'roll",
    "irish": "O'Brien and the Hawaiʻi d'Ulster",
    "digits": "ISBN 978-0-306-40615-7, vol. 3",
    "fullwidth": "Ｆｕｌｌ　Ｗｉｄｔｈ ①②",
    "symbols": "C++, C# & F♯: 100% in 50 €",
    "soft": "ency\u00adclo\u00adpae\u00addia",
    "fractions": "½ ﬁnancial ™",
    "fraktur": "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 mathematics",
    "new": "𞤀𞤣𞤤𞤢𞤥 𐐔𐐯𐑅𐐨𐑉𐐯𐐻 Ᏺ",
}

HITS = {
    "war": {"plain", "peace"},
    "WAR": {"plain", "peace"},
    "war worlds": {"plain"},
    "worlds war the": {"plain"},
    "war war": {"plain", "peace"},
    "wars": set(),
    "worl": set(),
    "worl*": {"plain"},
    "wor* of": {"plain"},
    "wa* pea*": {"peace"},
    "the*": {"plain", "irish"},
    "etranger": {"accents"},
    "l'étranger": {"accents"},
    "l étranger": {"accents"},
    "precede a tipasa": {"accents"},
    "CAFÉ": {"decomposed"},
    "cafe": {"decomposed"},
    "cafe\u0301": {"decomposed"},
    "muller": {"decomposed"},
    "istanbul": {"turkish"},
    "ISTANBUL isik": {"turkish"},
    "ışık agac": {"turkish"},
    "strasse weissen": {"german"},
    "STRAẞE": {"german"},
    "fußgänger": {"german"},
    "aero smorrebrod": {"scandinavian"},
    "smørrebrød ålesund": {"scandinavian"},
    "lodz jazn": {"polish"},
    "οδυσσεια": {"greek"},
    "ΟΔΎΣΣΕΙΑ ομηρου": {"greek"},
    "НАКАЗАНИЕ": {"cyrillic"},
    "преступ*": {"cyrillic"},
    "замок": {"stressed"},
    "п'ять": {"ukrainian"},
    "пʼять ложок": {"ukrainian"},
    "ألف ليلة": {"arabic"},
    "وليلة": {"arabic"},
    "میخواهم": {"persian"},
    "שיר השירים": {"hebrew"},
    "שיר-השירים": {"hebrew"},
    "गोदान": {"devanagari"},
    "गोद": set(),
    "गोद*": {"devanagari"},
    "செல்வன்": {"tamil"},
    "紅": {"chinese"},
    "樓夢": {"chinese"},
    "夢樓": set(),
    "夢 樓": {"chinese"},
    "東京": {"japanese"},
    "京都": {"japanese", "capital"},
    "東都": set(),
    "東 都": {"japanese", "capital"},
    "の歴史": {"japanese"},
    "ノルウェイ": {"katakana"},
    "ウェイの森": {"katakana"},
    "ハルキ": {"halfwidth"},
    "서울": {"korean"},
    "서울*": {"korean"},
    "봄": {"korean"},
    "แผ่นดิน": {"thai"},
    "ดินแผ่น": set(),
    "♥": {"emoji"},
    "♥️ york": {"emoji"},
    "👩": {"emoji"},
    "👨\u200d👩\u200d👧": {"emoji"},
    "twenty first": {"hyphens"},
    "twenty-first": {"hyphens"},
    "rock n roll": {"hyphens"},
    "rock’n’roll": {"hyphens"},
    "o’brien": {"irish"},
    "hawai'i": {"irish"},
    "ulster": {"irish"},
    "978-0-306-40615-7": {"digits"},
    "978 40615": {"digits"},
    "97*": {"digits"},
    "9780306406157": set(),
    "full width": {"fullwidth"},
    "1": {"fractions"},
    "12": {"fullwidth"},
    "c": {"symbols"},
    "C++": {"symbols"},
    "c# 50 €": {"symbols"},
    "100": {"symbols"},
    "encyclopaedia": {"soft"},
    "ency\u00adclopaedia": {"soft"},
    "1 2": {"fractions"},
    "financial": {"fractions"},
    "tm": {"fractions"},
    "fraktur": {"fraktur"},
    "𞤢𞤣𞤤𞤢𞤥": {"new"},
    "Ꮔ": set(),
    "ᏺ": {"new"},
    "nobody": set(),
}
"""Query -> the results in the corpus."""


def named(api: httpx.Client, resource: str, *names: str) -> list[Row]:
    """Create one row for each name, in order."""
    items: list[Row] = [{NAMED_BY[resource]: name} for name in names]
    if resource == "books":
        author = make_author(api)["id"]
        items = [{**item, "author_id": author} for item in items]
    created = api.post(f"/{resource}/batch", json={"items": items})
    assert created.status_code == 201, created.text
    made: list[Row] = created.json()["items"]
    return made


def searched(api: httpx.Client, resource: str, q: str, **query: Any) -> list[str]:
    """Return the ids of the rows that a search finds, in order."""
    return ids(read(api, f"/{resource}", q=q, pageSize=1000, **query)["items"])


@pytest.fixture(scope="module")
def corpora(api: httpx.Client) -> dict[str, tuple[str, dict[str, str]]]:
    """Return, by resource, a word that all names contain, and the corpus key of each id."""
    found = {}
    for resource in RESOURCES:
        word = marker()
        rows = named(api, resource, *(f"{name} {word}" for name in CORPUS.values()))
        found[resource] = word, dict(zip(ids(rows), CORPUS, strict=True))
    return found


@pytest.mark.parametrize("q", HITS)
def test_words_are_found_in_any_script(api: httpx.Client, corpora: dict[str, tuple[str, dict[str, str]]], q: str):
    for resource in RESOURCES:
        word, keys = corpora[resource]

        assert {keys[found] for found in searched(api, resource, f"{q} {word}")} == HITS[q], resource


ODD = [
    '"', "'", "*", "**", "(", ")", "((", "a AND", "AND", "OR NOT", "NEAR(a b)", "id:a", "words:a", "-a", "+a", "a:*",
    "^a", "'a' & | !b", "\\", "a\\", "%", "_", ":", "a:b:c", "<->", "a <-> b", "{a b}", "$1", "?", "a\u00a0b",
    "\u0301", "\u200d", "\ufe0f", "\ufffd", "\U0010fffd", "NULL", "a''b", '""', "“a”", "ab*bc*cd*", "*a", "。", "；--",
    "/* */", "\t", "x" * 1000, "é" * 1000, "東" * 800, "\u0e33" * 500, "a " * 500, "ab* " * 250, "\ufdfa" * 800,
    "\u1f82" * 800, " ".join(str(number) for number in range(250)),
]  # fmt: skip


@pytest.mark.parametrize("q", ODD, ids=lambda q: ascii(q[:12]))
def test_no_text_is_a_mistake(api: httpx.Client, q: str):
    for resource in RESOURCES:
        response = api.get(f"/{resource}", params={"q": q})

        # A tab alone is white space.
        assert response.status_code == 200, response.text


def test_the_beginning_of_a_word_has_two_characters_and_one_where_a_character_is_a_word(api: httpx.Client):
    for resource in RESOURCES:
        for q in ("a*", "é*", "ж*", "7*", "war p*"):
            problem = refused(api.get(f"/{resource}", params={"q": q}), 422, "q")
            assert "before the asterisk" in problem["errors"][0]["detail"]
        for q in ("ab*", "жи*", "東*", "가*"):
            read(api, f"/{resource}", q=q)


@everywhere
@pytest.mark.parametrize("q", ["", "  ", "!", "…", "* '\"", "\u200d"])
def test_who_asks_for_no_words_has_every_row(api: httpx.Client, resource: str, q: str):
    (row,) = named(api, resource, marker())

    assert searched(api, resource, q, ids=row["id"]) == [row["id"]]


def test_a_text_that_is_too_long_or_has_control_characters_is_named(api: httpx.Client):
    for resource in RESOURCES:
        for q in ("x" * 1001, "\x00", "a\nb", "a\x1bb"):
            refused(api.get(f"/{resource}", params={"q": q}), 422, "q")
        refused(api.get(f"/{resource}", params={"q": ["a", "a"]}), 422, "q")


@everywhere
def test_long_words_are_found_by_all_that_counts_of_them(api: httpx.Client, resource: str):
    word, length = marker(), {"authors": 255, "books": 1000, "tags": 100}[resource] - 40
    rows = named(api, resource, f"{word} {'ж' * length}", f"{word} {'ж' * 20}")

    assert searched(api, resource, f"{word} {'ж' * length}") == ids(rows[:1])
    assert searched(api, resource, f"{word} {'ж' * 20}") == ids(rows[1:])
    assert sorted(searched(api, resource, f"{word} {'ж' * 20}*")) == sorted(ids(rows))


# Rank

PAST = f" {'and so on ' * 6}past "
"""Makes a name so long that no word of 33 characters is a third of it."""


@everywhere
def test_the_best_come_first(api: httpx.Client, resource: str):
    word = marker()
    names = [f"{word}{PAST}x", f"of {word}", word.upper(), f"y{PAST}{word}", f"{word} and so on"]
    rows = dict(zip(names, ids(named(api, resource, *names)), strict=True))
    # Equal to the query; at least a third is the query; contains the query. Within each rank, newest first.
    expected = [word.upper(), *sorted((names[1], names[4]), key=lambda name: rows[name], reverse=True)]
    expected += sorted((names[0], names[3]), key=lambda name: rows[name], reverse=True)

    found = searched(api, resource, word)

    assert found == [rows[name] for name in expected]
    assert searched(api, resource, word, orderBy="relevance", sortOrder="desc") == found
    assert searched(api, resource, word, sortOrder="asc") == found[::-1]


@everywhere
def test_the_longest_of_several_words_says_what_comes_first(api: httpx.Client, resource: str):
    word = marker()
    long, short = ids(named(api, resource, f"{word} a{PAST}", f"a {word}"))

    assert searched(api, resource, f"a {word}") == searched(api, resource, f"{word} a") == [short, long]
    assert searched(api, resource, f"a {word}*") == [short, long]


@everywhere
def test_names_that_are_as_good_come_by_their_id(api: httpx.Client, resource: str):
    word = marker()
    rows = sorted(ids(named(api, resource, *(f"{word} {number}" for number in range(5)))))

    assert searched(api, resource, word) == rows[::-1]
    assert searched(api, resource, word, sortOrder="asc") == rows


@everywhere
def test_a_search_can_have_any_other_order(api: httpx.Client, resource: str):
    word = marker()
    rows = named(api, resource, f"{word} b", f"{word} aaa", f"{word} cc", marker())

    assert searched(api, resource, word, orderBy="name" if resource != "books" else "title", sortOrder="asc") == [
        rows[1]["id"], rows[0]["id"], rows[2]["id"],
    ]  # fmt: skip
    assert set(searched(api, resource, word, orderBy="created_at")) == set(ids(rows[:3]))


@everywhere
def test_without_words_the_newest_come_first(api: httpx.Client, resource: str):
    word = marker()
    rows = sorted(ids(named(api, resource, f"{word} bb", f"{word} c", f"{word} aaa")))

    assert ids(read(api, f"/{resource}", searchString=word, orderBy="relevance")["items"]) == rows[::-1]
    assert ids(read(api, f"/{resource}", searchString=word, q="!")["items"]) == rows[::-1]


# Pages


@everywhere
@pytest.mark.parametrize("order", [{}, {"orderBy": "created_at"}, {"sortOrder": "asc"}, {"orderBy": "name"}])
def test_what_is_found_can_be_paged_through(api: httpx.Client, resource: str, order: dict[str, str]):
    if resource == "books" and "orderBy" in order:
        order = {"orderBy": order["orderBy"].replace("name", "title")}
    word = marker()
    named(api, resource, word, *(f"{word}{PAST if number % 2 else ' '}{number}" for number in range(10)))
    whole = searched(api, resource, word, **order)
    assert len(whole) == 11
    query = {"q": word, "pageSize": 4, **order}

    pages = [read(api, f"/{resource}", **query, currentPage=number) for number in (1, 2, 3)]
    assert [ids(page["items"]) for page in pages] == [whole[0:4], whole[4:8], whole[8:]]
    assert {page["total"] for page in pages} == {11}

    second = read(api, f"/{resource}", **query, cursor=pages[0]["next"])
    third = read(api, f"/{resource}", **query, cursor=second["next"], total="false")
    assert (ids(second["items"]), ids(third["items"]), third["next"]) == (whole[4:8], whole[8:], None)
    assert (second["total"], third["total"]) == (11, None)
    back = read(api, f"/{resource}", **query, cursor=third["previous"])
    assert ids(back["items"]) == whole[4:8]


@everywhere
def test_a_cursor_of_a_search_is_of_its_order(api: httpx.Client, resource: str):
    word = marker()
    named(api, resource, *(f"{word} {number}" for number in range(3)))
    found = read(api, f"/{resource}", q=word, pageSize=1)["next"]
    plain = read(api, f"/{resource}", pageSize=1, searchString=word)["next"]

    refused(api.get(f"/{resource}", params={"cursor": found}), 422, "cursor")
    refused(api.get(f"/{resource}", params={"cursor": found, "q": "!"}), 422, "cursor")
    refused(api.get(f"/{resource}", params={"cursor": plain, "orderBy": "relevance"}), 422, "cursor")
    refused(api.get(f"/{resource}", params={"cursor": plain, "q": word}), 422, "cursor")
    assert len(read(api, f"/{resource}", cursor=plain, q=word, orderBy="created_at")["items"]) == 2


# With filters, and after writes


@everywhere
def test_a_search_goes_with_other_parameters(api: httpx.Client, resource: str):
    word = marker()
    rows = named(api, resource, f"{word} one", f"{word} two", f"{word}two")

    assert searched(api, resource, f"{word} two", ids=ids(rows)) == [rows[1]["id"]]
    assert searched(api, resource, word, searchString="two") == [rows[1]["id"]]
    assert searched(api, resource, word, ids=new_id()) == []
    assert searched(api, resource, word, createdBefore="2020-01-01T00:00:00Z") == []


def test_the_books_of_an_author_and_of_a_tag_can_be_searched(api: httpx.Client):
    word, tag = marker(), marker()
    books = named(api, "books", f"{word} one", f"{word} two")
    named(api, "books", f"{word} one")
    author = books[0]["author_id"]
    assert api.put(f"/books/{books[0]['id']}/tags", json={"items": [tag]}).status_code == 200
    (tagged,) = read(api, "/tags", q=tag)["items"]

    assert ids(read(api, f"/authors/{author}/books", q=f"{word} one")["items"]) == [books[0]["id"]]
    assert ids(read(api, f"/tags/{tagged['id']}/books", q=word)["items"]) == [books[0]["id"]]
    assert searched(api, "books", word, tagsIn=tag) == [books[0]["id"]]


@everywhere
def test_what_is_found_is_what_a_name_is_now(api: httpx.Client, resource: str):
    old, new = marker(), marker()
    one, two, three = ids(named(api, resource, old, f"{old} 東京 {marker()}", f"{old} {marker()}"))

    assert api.patch(f"/{resource}/{one}", json={NAMED_BY[resource]: f"{new} 東京"}).status_code == 200
    assert api.delete(f"/{resource}/{two}").status_code == 204

    assert searched(api, resource, old) == [three]
    assert searched(api, resource, f"{new} 東京") == [one]


@everywhere
def test_a_name_that_stays_is_found_after_another_change(api: httpx.Client, resource: str):
    word = marker()
    (row,) = named(api, resource, word)
    change: Row = {"authors": {"dob": "1901-02-03"}, "books": {"year": 1901}, "tags": {"description": "x"}}[resource]

    assert api.patch(f"/{resource}/{row['id']}", json=change).status_code == 200

    assert searched(api, resource, word) == [row["id"]]
