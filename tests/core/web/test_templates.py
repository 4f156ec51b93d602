"""Templates: what they write of values is escaped, by the function that is quick."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from diptych.core.tuning import text_escaping
from diptych.core.tuning.text_escaping import EscapingCodeGenerator


class _Environment(jinja2.Environment):
    code_generator_class = EscapingCodeGenerator


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
