"""Names of people and bodies: in reading order or in filing form, with dates and roles."""

from __future__ import annotations

import re

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.text_normalization import line
from diptych.core.formats.record import Contributor, RawContributor
from diptych.core.formats.values.dates import certain_year
from diptych.core.formats.values.texts import is_nothing, one_line

_checked = line(NAME_MAX)

_NOBODY = frozenset(
    ["unknown", "unknown author", "author unknown", "[unknown]", "others", "et al.", "[et al.]", "et al"]
)
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|esq)\.?", re.IGNORECASE)
_BY = re.compile(r"\A(?:written )?by\s+(?=[^\W\d_])")

_ROLES = {
    word: role
    for role, words in {
        "author": "author writer creator aut",
        "editor": "editor editors ed eds edt hrsg herausgeber contributing_editor series_editor",
        "translator": "translator translators tr trans trl",
        "illustrator": "illustrator illustrators ill illus artist cover_artist ilustrator",
        "narrator": "narrator reader read_by nrt",
        "foreword": "foreword introduction preface afterword author_of_introduction,_etc. aui",
        "compiler": "compiler com comp",
        "other": "contributor ctb other unknown_role photographer commentator annotator adapter",
    }.items()
    for word in words.split()
}
_ROLE = re.compile(r"(?P<name>.*\S)\s*[\[(](?P<role>[^\[\]()]+?)\.?[\])]")
_LIFE = re.compile(
    r"(?P<name>.*\S),\s*(?:(?P<birth>(?:b\.|ca?\.|active|fl\.)?\s*\d{3,4}\??(?:\s?B\.?C\.?)?)?\s?[-\u2013]\s?"
    r"(?P<death>(?:ca?\.)?\s*\d{3,4}\??(?:\s?B\.?C\.?)?)?|b\.\s?(?P<born>\d{4})|d\.\s?(?P<died>\d{4}))\.?",
    re.ASCII,
)
_ACTIVE = re.compile(r"\s*(?:active|fl)\b", re.IGNORECASE)
_BORN = re.compile(r"\A\s*[bd]\.\s*", re.IGNORECASE)
_PARTICLES = frozenset(
    ["de", "del", "della", "di", "da", "du", "la", "le", "van", "von", "der", "den", "st.", "el", "al"]
)
# Cards end a name with a full stop; that of an initial or an abbreviation belongs to it.
_FULL_STOP = re.compile(r"(?:.*[ -])?(?!(?:Chas|Thos|Robt|Benj|Saml|Danl|Edwd|Alex|Fred|Matt|Prof)\.)[^\W\d_.]{4,}\.")
_FILED = re.compile(r"(?P<family>[^,]+),\s*(?P<given>[^,]+)(?:,\s*(?P<suffix>[^,]+))?")


def is_placeholder(name: str) -> bool:
    """Return whether a name is of nobody: "Unknown", "et al."."""
    return name.strip().lower() in _NOBODY


def without_by(name: str) -> str:
    """Return the name in "by Ann Writer"."""
    return _BY.sub("", name)


def role_named(text: str) -> str | None:
    """Return the role that a word such as "Editor" or "ed." names, None for an unknown one."""
    return _ROLES.get("_".join(text.strip().rstrip(".").lower().split()))


def with_role(text: str, role: str) -> RawContributor:
    """Return the contributor of "Roe, Richard [Editor]"; of a name without a known role in brackets, in this role."""
    if text.endswith(("]", ")", "].", ").")) and (match := _ROLE.fullmatch(text.strip())):
        known = role_named(match["role"])
        if known is not None:
            return RawContributor(name=match["name"], role=known)
    return RawContributor(name=text, role=role)


def looks_filed(text: str) -> bool:
    """Return whether a name is likely in filing form: one word or a short family name, a comma, and given names."""
    if (match := _ROLE.fullmatch(text)) is not None:
        text = match["name"]
    if (match := _LIFE.fullmatch(text.strip())) is not None:
        text = match["name"]
    match = _FILED.fullmatch(text.strip())
    if match is None:
        return False
    words = match["family"].split()
    return len(words) == 1 or (len(words) <= 3 and words[0].lower() in _PARTICLES) or match["family"].isupper()


def filed(raw: RawContributor) -> RawContributor:
    """Return the contributor whose name is in filing form, with dates or without: "Doe, Jane, 1812-1870"."""
    text = (raw.name or "").strip()
    match = _LIFE.fullmatch(text)
    if match is None:
        return RawContributor(sort_name=text, role=raw.role, kind=raw.kind)
    return RawContributor(
        sort_name=match["name"],
        role=raw.role,
        kind=raw.kind,
        birth=match["birth"] or match["born"],
        death=match["death"] or match["died"],
    )


def reading_order(sort_name: str) -> str:
    """Return "Jane Doe" for "Doe, Jane", and "Martin King, Jr." for "King, Martin, Jr."; other names as they are."""
    match = _FILED.fullmatch(sort_name)
    if match is None or (match["suffix"] and not _SUFFIX.fullmatch(match["suffix"])):
        return sort_name
    if _SUFFIX.fullmatch(match["given"]):
        return sort_name
    given = match["given"].strip()
    if _FULL_STOP.fullmatch(given):
        given = given.removesuffix(".")
    name = f"{given} {match['family'].strip()}"
    return f"{name}, {match['suffix'].strip()}" if match["suffix"] else name


def contributor(raw: RawContributor, birth: int | None, death: int | None) -> Contributor | None:
    """Return a contributor with normalized values, None if it is nobody. Raises ValueError when the name is unusable.

    birth, death: the years, as whole numbers.
    """
    text = raw.name if raw.name is not None else raw.sort_name
    if text is None or is_nothing(text):
        return None
    sort_name = None if raw.sort_name is None else _checked(one_line(raw.sort_name))
    if raw.name is not None:
        name = _checked(without_by(one_line(raw.name).strip()))
    elif raw.kind in (None, "person"):
        name = _checked(reading_order(_checked(one_line(text))))
    else:
        name = _checked(one_line(text))
    return Contributor(name, raw.role, sort_name, raw.kind, birth, death)


def life_year(text: str) -> int | None:
    """Return the year of a birth or death ("b. 1812"); None of "active 1830". Raises ValueError as certain_year()."""
    if _ACTIVE.match(text):
        return None
    return certain_year(_BORN.sub("", text))
