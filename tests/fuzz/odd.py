"""Values for requests: at the limits of what is valid, and beyond them."""

from __future__ import annotations

import json

from tests.fuzz.stock import AUTHORS, BOOKS, TAGS


def words(text: str) -> list[str]:
    """Split a text into words, which may contain JSON escapes, for white space too."""
    return [json.loads(f'"{word}"') for word in text.split()]


def of_length(*lengths: int) -> list[str]:
    """Return texts of these lengths, of characters that grow when they are decomposed, folded or lower-cased."""
    return [char * length for char in "xé\U0001d538\ufdfa\u0130\u0344" for length in lengths]


PLAIN = ["a", "b", "the left hand", "Anonymous", "fantasy", "été", "b 2"]

HOSTILE_TEXTS = [
    "",
    *words(r"""
    \u0020 \t a\tb a\nb a\r\nb \u0000 a\u0000b \u001f \u007f \u0085 \u00a0 \u2028 \ud800 a\udfffb \udc80\ud800
    """),
]

TEXTS = words(
    # White space around, non-characters, marks alone and in either order
    r"""
    \u0020a\u0020 \u3000a\u3000 \u200b \ufeffa \ufffd \ufffe \uffff \udbff\udfff
    \u0301 \u0301a a-\u0301 \u0345 e\u0301\u0316 e\u0316\u0301
    """
    # Pairs that are equal to Unicode, or to readers
    r"""
    École E\u0301cole ÉCOLE ß \u1e9e SS \u017f \u0131 \u0130 i\u0307 Σίσυφος ΣΊΣΥΦΟΣ \u03c2 \ufb01 \u0149 \u01f0 \u0390
    Å \u212b K \u212a \u1fb3 가 \u1100\u1161 \u2167 \u00bd \ufdfa \ud801\udc00 \ud801\udc28 \ud835\udd18
    """
    # Scripts, and characters that are special elsewhere
    r"""
    שלום مرحبا \u202eabc\u202c हिन्दी 雪国 % _ a_b \\ ' \" * [a] ? -- a--b / null true 0 NaN a,b a%20b a+b <b> ${x} {id}
    batch slug . .. 1e3 -1 ❤\ufe0f 👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 🇫🇷
    """
)

DATES = words("1929-10-21 0001-01-01 9999-12-31 2000-02-29")

ODD_DATES = words(
    r"""
    0000-01-01 1900-02-29 10000-01-01 1929-1-1 -0001-01-01 1929-W43-1
    1929-10-21T00:00:00Z \u0661929-10-21 \u00201929-10-21 19291021 1929-10
    """
)

INSTANTS = words(
    r"""
    2026-01-31T12:00:00Z 0001-01-01T00:00:00Z 9999-12-31T23:59:59.999999Z 2026-01-31t12:00:00z 2026-01-31T12:00:00.1Z
    2026-01-31T12:00:00-00:00 2026-01-31T12:00:00+23:59 2099-01-01T00:00:00+05:30
    """
)

ODD_INSTANTS = words(
    r"""
    0001-01-01T00:00:00+14:00 9999-12-31T23:59:59-14:00 2026-01-31T12:00:00 2026-01-31T24:00:00Z 2026-01-31T23:59:60Z
    2026-01-31T12:00:00+24:00 2026-01-31T12:00:00.1234567Z 2026-02-30T12:00:00Z 0000-01-01T00:00:00Z now 2026-01-31
    2026-01-31\u002012:00:00Z 2026-01-31T12:00:00\u002001:00
    """
)

WRITTEN_ISBNS = words(
    r"""
    0306406152 0-306-40615-2 080442957X 080442957x ISBN\u0020978-0-306-40615-7 isbn-13:\u00209780306406157
    978\u20130306406157 \u00209780306406157\u0020
    """
)

ODD_ISBNS = words(
    r"""
    9780306406158 030640615 X306406152 978030640615 97803064061571 9770306406157 ISBN 978 9780306406157\u0000
    \uff19780306406157 \u0669780306406157 \ud800
    """
)

LANGUAGES = words(
    r"""
    en EN en-GB en_gb eng fre fra zh-Hant-TW zh-hant-tw i-klingon x-private en-x-a sl-rozaj-biske en-GB-oed mul
    art-lojban und no-bok \u0020en\u0020 en-x-aaaaaaaa-bbbbbbbb-cccccccc-ddd
    """
)

ODD_LANGUAGES = words(
    r"""
    de-1996-1996 english
    e en- -en en--GB en-a-bbb-a-ccc \uff41b en-\u212aK s\u017f
    en\u0020GB en-x-aaaaaaaa-bbbbbbbb-cccccccc-dddd \u0000 \ud800
    """
)

YEARS = [-4000, -1, 0, 1, 1969, 3000]

ODD_YEARS = [-4001, 3001, 2**31, 2**63, -(2**63) - 1, 10**25, 1.0, 1e3, 1e308, "1969", True]

WRITTEN_YEARS = [*map(str, ODD_YEARS), *words(r"-0 +1 01 1e3 0x1 99999999999 \u0661 \u00201")]

NUMBERS = words(r"0 -1 +1 01 1.0 1e1 1_0 \u00201 \u0663 1000 1001 1000000 1000001 999999999999999999999999999999")

IDS = words(r"nobody 0 00000000-0000-0000-0000-000000000000 \ud800 \u0000 . .. % \u0020")

BODIES = [
    *(b"", b"{", b"}", b"[]", b"null", b"0", b'""', b"{}", b"{}{}", b"{} x", b"\xef\xbb\xbf{}", b"\xff", b"\x00"),
    *(b"\xfe\xff\x00{\x00}", b"{\x00}\x00", b"{'name': 'x'}", b'{"name"}', b'{"name": "x"', b'{"name": "x",}'),
    *(b'{"name": "\xff"}', b'{"name": "\xed\xa0\x80"}', b'{"name": "\\ud800"}', b'{"name": "\\x"}', b'{"\\ud800": 1}'),
    *(b'{"name": "a\nb"}', b' {"name"\r\n:\t"x"} ', b'{"name": "x"}\x0c', b'{"name": "x", "name": "x"}', b'{"": 1}'),
    *(b'{"name": NaN}', b'{"name": 1e999}', b'{"name": -0}', b'{"name": 01}', b'{"\\u0000": 1}', b'{"year": 1e2}'),
    *(b'{"year": 99999999999999999999}', b'{"year": 100000000000000000000}', b'"' + b"[" * 100 + b'"'),
    *(b"[" * 33 + b"]" * 33, b"[" * 32 + b"]" * 32, b"[" * 5000, b'{"a":' * 33 + b"1" + b"}" * 33),
    *(b"{" + b",".join(b'"m%d":1' % number for number in range(count)) + b"}" for count in (100, 101)),
    *(b'{"items": [' + b",".join([b"{}"] * count) + b"]}" for count in (1000, 1001)),
]

MEDIA_TYPES = [
    *(None, "", ";", "*/*", "+json", "text/plain", "text/json", "application/jsonx", "APPLICATION/JSON"),
    *("application/json; charset=utf-8", "application/json;charset=latin-1", "application/json, text/plain"),
    *("application/merge-patch+json", "application/problem+json", "application/x-www-form-urlencoded"),
    *("multipart/form-data", "multipart/form-data; boundary=x"),
]

ORIGIN = "https://shop.example"

_FIELDS = {
    "Accept-Encoding": ("gzip", "br", "zstd", "*", "x-gzip;q=0.5, br;q=0.1", "*;q=0", ";", "gzip;q=2"),
    "Content-Encoding": ("gzip", "GZIP", "x-gzip", "identity", "br", "gzip, gzip", ""),
    "Origin": (ORIGIN, "https://else.example", "null", ""),
    "If-None-Match": ("*", '"x"', 'W/"x"', "x", '"', "", '"a", *', ', "x",'),
    "If-Match": ("*", '"x"', ""),
    "Idempotency-Key": ("a", '"b"', '"', "", "a b", '"a", "b"', "x" * 255, "x" * 256),
    "If-Modified-Since": ("Sat, 21 Nov 2026 00:00:00 GMT", "yesterday"),
    "Range": ("bytes=0-1", "bytes=x"),
    "Accept": ("text/html", "application/xml", "garbage", "", "*/*;q=0", "application/json;q=0.1"),
    "Access-Control-Request-Method": ("PUT",),
}
HEADERS = [(name, value) for name, values in _FIELDS.items() for value in values]

QUERIES = [
    *("&", "&&pageSize=1&", "=", "=1", "?", "a?b=c", "_=1", "x=1&x=1&x=2", "%", "%4", "%zz=1", "%00=1", "pageSize"),
    *("pageSize=", "pageSize=1=2", "pageSize=%31", "p%61geSize=1", "pageSize=1;x=2", "searchString=%", "yearIn"),
    *("searchString=%FF", "searchString=%ED%A0%80", "searchString=%C3%28", "searchString=%F0%9F%92%A9"),
    *("searchString=a+b", "searchString=%2B", "searchString=a&searchString=a", "ids", "ids=", "ids=%20", "include="),
    *("include=,", "include=tags&include=tags", "&".join("ids=x" for _ in range(200)), "x=" + "a" * 4000),
]

PATHS = [
    *("/", "/authors/", "//authors", f"/authors//{AUTHORS[0]}", f"/authors/{AUTHORS[0]}/", "/nothing", "/authors.json"),
    *("/authors/nobody", f"/authors/{AUTHORS[0].upper()}", f"/authors/{AUTHORS[0].replace('-', '')}", "/authors/a:b"),
    *(f"/authors/%66{AUTHORS[0][1:]}", f"/authors%2F{AUTHORS[0]}", "/%61uthors", "/Authors", "/authors;x", "/*"),
    *(f"/authors/batch/{AUTHORS[0]}", "/authors/slug", "/authors/slug/", "/authors/slug/%2F", "/authors/slug/a%2Fb"),
    *("/authors/.", "/authors/..", "/./authors", "/authors/%20", "/authors/*", "/authors/slug/a%3Fb", "/health"),
    *("/authors/slug/%00", "/authors/slug/%FF", "/authors/slug/%ED%A0%80", "/authors/slug/%", "/authors/slug/%zz"),
    *("/authors/slug/" + "a" * 4000, "/authors/slug/" + "%C3%A9" * 500, "/authors/slug/a%23b", "/books/%E9%9D%92"),
    *(f"/books/{BOOKS[0]}/author", f"/tags/{TAGS[0]}/tags", "/tags/slug/b", "/books/batch/tags", "/problems/not-found"),
    *("/health/live", "/health/ready"),
]
