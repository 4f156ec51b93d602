"""The words of the pages: each is used, and each that is used is there."""

from __future__ import annotations

import re
from itertools import chain

from diptych.core.cli.job_types import job_types_of
from diptych.core.settings import Settings
from diptych.core.web.wording import PLURALS, TEXTS, text
from tests.support.databases import ROOT

SOURCES = [
    path.read_text(encoding="utf-8")
    for folder in ("core/web", "core/opds", "core/aio/operations")
    for path in chain((ROOT / folder).rglob("*.py"), (ROOT / folder).rglob("*.html"), (ROOT / folder).rglob("*.xml"))
    if path.name != "wording.py"
]
SOURCES.append((ROOT / "core" / "web" / "wording.py").read_text(encoding="utf-8").partition("\nclass Words")[2])
PLAIN = re.compile(r"""\b(text|count)\(["']([a-z0-9_.]+)["'][,)]""")
FILTERED = re.compile(r"""["']([A-Za-z0-9_.]+)["']\|(text)""")
BUILT = re.compile(r"""["']([a-z_.]+\.)(?:["'] ~|{)""")


def test_every_text_is_used_and_every_text_that_is_used_is_there():
    used = {(kind, key) for source in SOURCES for kind, key in PLAIN.findall(source)}
    used |= {(kind, key) for source in SOURCES for key, kind in FILTERED.findall(source)}
    prefixes = {prefix for source in SOURCES for prefix in BUILT.findall(source)}
    there = {*(("text", key) for key in TEXTS), *(("count", key) for key in PLURALS)}

    assert used - there == set()
    unused = {key for kind, key in there - used if not key.startswith(tuple(prefixes))}
    assert {key for key in unused if not any(f'"{key}"' in source for source in SOURCES)} == set()


def test_the_list_of_jobs_has_words_for_each_type_that_a_worker_does():
    assert {f"job.type.{name}" for name in job_types_of(Settings())} - {*TEXTS} == set()


def test_a_text_has_nothing_that_means_something_in_html():
    words = [*TEXTS.values(), *(each for pair in PLURALS.values() for each in pair)]
    assert [each for each in words if set('<>&"') & set(each)] == []


def test_what_is_filled_in_is_escaped():
    assert text("site.signed_in", name="<b>") == "Signed in as &lt;b&gt;"
