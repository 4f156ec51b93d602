"""The templates, all of them compiled when this module is imported."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from diptych.core.web import assets, wording
from diptych.core.web.frame import Frame

_environment = Environment(
    loader=PackageLoader("diptych.core.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    cache_size=-1,
)
_environment.globals.update(asset=assets.address, count=wording.count, text=wording.text)

_TEMPLATES = {name: _environment.get_template(name) for name in _environment.list_templates()}


def render(name: str, frame: Frame, **views: Any) -> bytes:
    """Render a page. views: what the template shows. Errors: jinja2.UndefinedError for one that is missing."""
    return _TEMPLATES[name].render(frame=frame, root=frame.root, **views).encode()
