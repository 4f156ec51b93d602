"""Templates: what they write of values is escaped, by the function that is quick."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from diptych.core.tuning import text_escaping
from diptych.core.tuning.text_escaping import EscapingCodeGenerator
from diptych.core.web import templates, wording
from diptych.core.web.frame import Frame


class _Environment(jinja2.Environment):
    code_generator_class = EscapingCodeGenerator


class _Shouted(NullTranslations):
    def pgettext(self, context: str, message: str) -> str:  # noqa: ARG002 - as the library has it
        return message if "{" in message else message.upper()


class _Text(str):
    __slots__ = ()


SOURCE = "{% macro shown(value) %}{{ value }}{% endmacro %}{{ x }}<a title='{{ x }}'>{{ shown(x) }}{{ 'a' ~ x }}</a>"


@pytest.mark.parametrize("value", ["<b title=\"1\">'&amp;'</b>", _Text("<i>"), Markup("<b>"), 7, None, ["<"], "東<京>"])
def test_a_template_escapes_each_value_as_the_library_would(value: Any):
    written, usual = (
        environment(autoescape=True).from_string(SOURCE).render(x=value)
        for environment in (_Environment, jinja2.Environment)
    )

    assert written.replace("&quot;", "&#34;").replace("&#x27;", "&#39;") == usual


def test_a_compiled_template_calls_the_quick_function(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text_escaping, "escape", lambda value: f"escaped {value}")

    assert _Environment(autoescape=True).from_string("{{ x }}").render(x="it") == "escaped it"


def test_constant_words_are_part_of_a_compiled_template():
    environment = templates._environment(wording.in_use())

    compiled = environment.compile("{{ 'nav.books'|text }} {{ 'style.css'|asset }}", raw=True)

    assert "Books ui/assets/style." in compiled


def test_words_of_another_translation_are_in_pages_that_were_rendered_before():
    frame = Frame("../")
    before = templates.render("sign_out.html", frame)
    wording.use(wording.Words(_Shouted()))
    try:
        after = templates.render("sign_out.html", frame)
    finally:
        wording.use(wording.ENGLISH)

    assert b"Books" in before
    assert b"BOOKS" in after
    assert templates.render("sign_out.html", frame) == before
