"""The bare names, `flask_app` and so on, that the packages have besides in a checkout, whose root has them as folders.

`flask --app flask_app` works there as `flask --app diptych.flask_app` does. But a module that is imported by two names
is two modules, with classes and tables of its own each: so a bare name is made another name of the module in `diptych`.
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


def hand_on(name: str) -> None:
    """Have a package that is imported as `name`, by itself, be the one in `diptych`; its modules, too.

    What the package's file says after this call makes things for a module that nobody gets.
    """
    if not name.startswith("diptych."):
        sys.meta_path.insert(0, _Bare(name))
        sys.modules[name] = import_module(f"diptych.{name}")


class _Bare(MetaPathFinder, InspectLoader):
    """Finds what is in a package under its bare name, which Python would take for modules of their own."""

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
