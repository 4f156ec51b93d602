"""What our code sets of other packages, and which of their private names it uses."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

OUR_PACKAGES = ("diptych", "tests", "benchmarks")

# What type checkers know of modules that are written in C, and is there for no one else.
STUBS = "_typeshed"


@dataclass(frozen=True, order=True)
class Reach:
    """A file, and a name of others in it: in full where it is imported, else with what stands before it."""

    file: str
    name: str
    private: bool


class Module:
    """A module as it is written."""

    def __init__(self, source: str, file: str = "") -> None:
        self.file = file
        self.tree = ast.parse(source)
        self.nodes = list(ast.walk(self.tree))

    def attributes(self) -> set[str]:
        """Return the names of the attributes and methods of its classes."""
        return {name for each in self.nodes if isinstance(each, ast.ClassDef) for name in _defined_in(each)}

    def reaches(self, own: Collection[str]) -> set[Reach]:
        """Return what it sets on other packages, and which of their private names it uses.

        own: attributes of our own classes. Nothing tells here whose an object is that has come as a parameter, so that
        what has such a name is taken for ours; where a class is known, `inherited` looks.
        """
        imported = dict(_imported(self.nodes))
        _mark_parameters(self.nodes, imported)
        found = {Reach(self.file, name, private=True) for name in _private_imports(self.nodes)}
        for node in self.nodes:
            for target in _set(node):
                if not _on_self(target) and (_root(target) in imported or target.attr not in own):
                    found.add(Reach(self.file, _name(target, imported), _is_private(target.attr)))
            for used in _used(node):
                if _is_private(used.attr) and not _on_self(used):
                    found.add(Reach(self.file, _name(used, imported), private=True))
        return found

    def inherited(self, name: str) -> set[Reach]:
        """Return the private names of foreign classes that its classes use or override. name: the module's."""
        found = set()
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef) and node.bases and (named := set(_named_in(node))):
                cls = getattr(importlib.import_module(name), node.name)
                of_others = [each for each in cls.__mro__[1:] if not _ours(each)]
                for private in named:
                    # Of several, the nearest, which is whose it is.
                    owner = next((each for each in of_others if private in _own(each)), None)
                    if owner is not None:
                        found.add(Reach(self.file, f"{owner.__name__}.{private}", private=True))
        return found


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _of_others(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] not in (*OUR_PACKAGES, STUBS, "__future__")


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Each name that stands for something of others', and what that is."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and _of_others(node.module):
            yield from ((each.asname or each.name, f"{node.module}.{each.name}") for each in node.names)
        elif isinstance(node, ast.Import):
            for each in node.names:
                name = each.name if each.asname else each.name.partition(".")[0]
                if _of_others(name):
                    yield each.asname or name, name


def _mark_parameters(nodes: Iterable[ast.AST], imported: Iterable[str]) -> None:
    """Tell a parameter from what is imported under its name, by a blank behind it."""
    for function in nodes:
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            names = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}.intersection(imported)
            for each in ast.walk(function) if names else ():
                if isinstance(each, ast.Name) and each.id in names:
                    each.id += " "


def _private_imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and _of_others(node.module):
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names if _of_others(each.name)]
        yield from (name for name in names if any(map(_is_private, name.split("."))))


def _set(node: ast.AST) -> Iterator[ast.Attribute]:
    """Return the attributes that a statement sets, or deletes."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            pass
        case (
            ast.AugAssign(target=target)
            | ast.AnnAssign(target=target)
            | ast.For(target=target)
            | ast.AsyncFor(target=target)
        ):
            targets = [target]
        case ast.withitem(optional_vars=ast.expr() as target):
            targets = [target]
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[of, name, *_]):
            named = name.value if isinstance(name, ast.Constant) else "*"
            targets = [ast.Attribute(of, str(named))]
        case _:
            return
    for target in targets:
        for each in ast.walk(target):
            if isinstance(each, ast.Attribute) and (each is target or isinstance(each.ctx, ast.Store | ast.Del)):
                yield each


def _used(node: ast.AST) -> Iterator[ast.Attribute]:
    match node:
        case ast.Attribute():
            yield node
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[of, ast.Constant(value=str(name)), *_]):
            yield ast.Attribute(of, name)


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _on_self(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Name) and target.value.id in ("self", "cls")


def _name(node: ast.Attribute, imported: dict[str, str]) -> str:
    if (root := _root(node)) in imported:
        return ast.unparse(node).replace(str(root), imported[str(root)], 1)
    return f"{_last_name(node.value)}.{node.attr}"


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip()
        case ast.Call(func=func):
            return f"{_last_name(func)}()"
        case ast.Subscript(value=value):
            return f"{_last_name(value)}[]"
        case _:
            return "..."


def _ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in OUR_PACKAGES


def _defined_in(node: ast.ClassDef) -> Iterator[str]:
    """Return the names that a class defines, and those that its methods set."""
    for each in node.body:
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name
    for statement in ast.walk(node):
        yield from (target.attr for target in _set(statement) if _on_self(target))


def _named_in(node: ast.ClassDef) -> Iterator[str]:
    """Return the private names that a class defines, and those that its methods use on self and cls."""
    yield from filter(_is_private, _defined_in(node))
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and _is_private(each.attr) and (_on_self(each) or _is_super(each.value)):
            yield each.attr


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


@cache
def _own(cls: type) -> set[str]:
    """Return the private names that a class defines itself. A class written in C has no source to look into."""
    slots = vars(cls).get("__slots__", ())
    names = {*vars(cls), *([slots] if isinstance(slots, str) else slots)}
    for node in _source(cls.__module__):
        if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
            names.update(_defined_in(node))
    return {name for name in names if _is_private(name)}


@cache
def _source(module: str) -> list[ast.stmt]:
    try:
        return ast.parse(inspect.getsource(sys.modules[module])).body
    except (OSError, TypeError):
        return []
