# Generated from core/aio/operations/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""The table of operations: all of the API, in the order in which its documents list it."""

from importlib import import_module

from diptych.core.access import RESOURCES as OF_ACCESS
from diptych.core.catalogue import RESOURCES as NAMES
from diptych.core.http.operations import Operation
from diptych.core.sync.operations import (
    documents,
    exports,
    health,
    history,
    imports,
    jobs,
    me,
    metrics,
    opds,
    pages,
    second_factor,
    security_events,
    sign_in,
)
from diptych.core.sync.operations.crud_operations import ReadOnlyResource
from diptych.core.sync.operations.pages import history as pages_of_history

_modules = [import_module(f"{__name__}.{name}") for name in NAMES]

RESOURCES: tuple[ReadOnlyResource, ...] = tuple(module.resource for module in _modules)

_of_access = [import_module(f"{__name__}.{name}") for name in OF_ACCESS]

DESCRIBED: tuple[Operation, ...] = (
    *(operation for module in (*_modules, *_of_access) for operation in module.operations),
    *history.operations(RESOURCES),
    *security_events.operations,
    *imports.operations,
    *exports.operations,
    *jobs.operations,
    *opds.operations,
    *me.operations,
    *health.operations,
    *metrics.operations,
    *sign_in.operations,
    *second_factor.operations,
    *pages.operations,
    *pages_of_history.operations(RESOURCES),
)

OPERATIONS = (*DESCRIBED, *documents.Documents(DESCRIBED).operations)
