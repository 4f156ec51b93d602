"""The templates. Each is compiled when it is first rendered: all of them take a fifth of a second, at each start."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from diptych.core.files.rules import COVER_MAX
from diptych.core.tuning.text_escaping import EscapingCodeGenerator
from diptych.core.web import assets, wording
from diptych.core.web.frame import Frame

_NOT_IN_XML = dict.fromkeys((0xFFFE, 0xFFFF), "\ufffd")
"""Characters that texts of the catalogue may have, and XML 1.0 may not."""


class _Environment(Environment):
    code_generator_class = EscapingCodeGenerator


_environment = _Environment(
    loader=PackageLoader("diptych.core.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    cache_size=-1,
)
_environment.filters["xml"] = lambda value: str(value).translate(_NOT_IN_XML)
_environment.globals.update(asset=assets.address, count=wording.count, cover_max=COVER_MAX, text=wording.text)


def render(name: str, frame: Frame, **views: Any) -> bytes:
    """Render a page. views: what the template shows. Errors: jinja2.UndefinedError for one that is missing."""
    return _environment.get_template(name).render(frame=frame, root=frame.root, **views).encode()


def document(name: str, **views: Any) -> bytes:
    """Render a document that is no page, and so has no frame. Errors: as `render`."""
    return _environment.get_template(name).render(**views).encode()
