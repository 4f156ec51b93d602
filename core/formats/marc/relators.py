"""Roles of contributors by MARC's relator codes and terms (https://www.loc.gov/marc/relators/)."""

from __future__ import annotations

CODES = {
    "author": "aut",
    "editor": "edt",
    "translator": "trl",
    "illustrator": "ill",
    "narrator": "nrt",
    "foreword": "wfw",
    "compiler": "com",
    "other": "oth",
}
"""The code that each role is written as."""

_OF_CODE = {code: role for role, code in CODES.items()} | {
    "cre": "author",
    "dub": "author",
    "aui": "foreword",
    "win": "foreword",
    "wpr": "foreword",
    "wst": "foreword",
    "aft": "foreword",
    "edc": "editor",
    "pbd": "editor",
    "edm": "editor",
    "ctb": "other",
}

_OF_TERM = {
    term: role
    for role, terms in {
        "author": "author|joint author|creator|writer|verfasser|verfasserin|auteur|autor",
        "editor": "editor|ed|editor of compilation|joint editor|editor in chief|herausgeber|herausgeberin|hrsg"
        "|éditeur scientifique|directeur de publication",
        "translator": "translator|tr|trans|joint translator|übersetzer|übersetzerin|traducteur|traductor",
        "illustrator": "illustrator|ill|illus|illustrateur|ilustrador",
        "narrator": "narrator|reader|sprecher|sprecherin|narrateur",
        "foreword": "writer of foreword|writer of introduction|writer of preface|author of introduction|author of"
        " introduction, etc|writer of added text|writer of supplementary textual content|author of afterword,"
        " colophon, etc|writer of afterword|préfacier",
        "compiler": "compiler|comp|joint compiler|compilateur",
        "other": "contributor|other",
    }.items()
    for term in terms.split("|")
}


def role_of_code(code: str) -> str | None:
    """Return the role of a code, or of its address at id.loc.gov; None if it is none of the model's."""
    return _OF_CODE.get(code.rsplit("/", 1)[-1].strip(" .,").lower())


def role_of_term(term: str) -> str | None:
    """Return the role of a relator term in English, German, French or Spanish; None if it is none of the model's."""
    return _OF_TERM.get(" ".join(term.strip(" .,;:()[]").lower().split()))
