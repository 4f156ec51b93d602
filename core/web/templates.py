"""The templates. Each is compiled when it is first rendered: all of them take a fifth of a second, at each start.

A macro for something that few pages show is called only if it is shown: a call takes as long as three rows of a list.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from diptych.core.files.rules import COVER_MAX
from diptych.core.tuning.text_escaping import EscapingCodeGenerator
from diptych.core.web import assets, wording
from diptych.core.web.frame import Frame
from diptych.core.web.wording import Words

_NOT_IN_XML = dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd")
"""Characters that texts of the catalogue may have, and XML 1.0 may not."""


class _Environment(Environment):
    code_generator_class = EscapingCodeGenerator

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the names that a template knows: in a dict, because each import of macros compares all of them."""
        return {**self.globals, **(d or {})}


@lru_cache(maxsize=1)
def _environment(words: Words) -> Environment:  # noqa: ARG001 - they become part of the compiled templates
    """Return the templates with the words in use.

    The filters `text` and `asset` of a constant are evaluated when a template is compiled, as Jinja does with any
    filter; the function `text`, which may fill in values, is called for each page.
    """
    found = _Environment(
        loader=PackageLoader("diptych.core.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    found.filters.update(asset=assets.address, text=wording.text, xml=_in_xml)
    found.globals.update(count=wording.count, cover_max=COVER_MAX, text=wording.text)
    return found


def _in_xml(value: object) -> str:
    return str(value).translate(_NOT_IN_XML)


def render(name: str, frame: Frame, **views: Any) -> bytes:
    """Render a page. views: what the template shows. Errors: jinja2.UndefinedError for one that is missing."""
    # Escaped once, not with each link.
    return document(name, frame=frame, root=escape(frame.root), **views)


def document(name: str, **views: Any) -> bytes:
    """Render a document that is no page, and so has no frame. Errors: as `render`."""
    return _environment(wording.in_use()).get_template(name).render(**views).encode()
