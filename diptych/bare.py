"""The short names (`core`, `flask_app`, ...) that are importable in a checkout, too: aliases of `diptych.*`.

`flask --app flask_app` works there as `flask --app diptych.flask_app` does. Imported under two names, a module
would be loaded twice, with two sets of classes and tables: so the short name is an alias of the module in `diptych`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


def alias_in_diptych(name: str) -> None:
    """Make a package that is imported as `name` an alias of `diptych.<name>`, and its modules likewise.

    Under the short name, code after this call fills a module that is then discarded.
    """
    if not name.startswith("diptych."):
        sys.meta_path.insert(0, _Bare(name))
        sys.modules[name] = import_module(f"diptych.{name}")


class _Bare(MetaPathFinder, InspectLoader):
    """Finds the modules below a short name, so that Python does not load them a second time."""

    def __init__(self, name: str) -> None:
        self._prefix = f"{name}."

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        found = find_spec(f"diptych.{name}") if name.startswith(self._prefix) else None
        return found and ModuleSpec(name, self, is_package=found.submodule_search_locations is not None)

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(f"diptych.{module.__name__}")

    def get_source(self, name: str) -> str:
        """For `python -m`, which runs a module without importing it."""
        return inspect.getsource(import_module(f"diptych.{name}"))
