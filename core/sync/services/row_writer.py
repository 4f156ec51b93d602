# Generated from core/aio/services/row_writer.py by tools/unasync.py: do not edit, run "make twins".
"""Write a row of any resource by one statement, which is its own transaction when it runs alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from diptych.core.engine import row_dml, row_statements
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.errors import Conflict, RetryableConflict, ValidationFailed
from diptych.core.sync.services.row_reader import Reader, row_not_found
from diptych.core.sync.statement_executor import Executor

Values = Mapping[str, Any]


class Writer:
    """Writes one row of a resource at a time, and returns its representation."""

    def __init__(self, executor: Executor, spec: ResourceSpec) -> None:
        self.executor = executor
        self.spec = spec

    def add(self, values: Values, item_id: UUID | None = None) -> Any:
        """Create a row. Errors: ValidationFailed, Conflict."""
        values = values if item_id is None else {**values, "id": item_id}
        made = self.executor.first(row_dml.insert_statement(self.spec), row_dml.insert_parameters(self.spec, values))
        if made is None:
            raise self._refused(values)
        return self.spec.represent(made)

    def change(self, item_id: UUID, values: Values) -> Any:
        """Set the given columns of a row. Errors: NotFound, ValidationFailed, Conflict."""
        reader = Reader(self.executor, self.spec)
        if not values:
            return reader.fetch("id", item_id)
        changed = self.apply_changes(item_id, values)
        if changed is None:
            reader.ensure_exists(item_id)
            raise self._refused(values)
        return changed

    def replace(self, item_id: UUID, values: Values) -> tuple[Any, bool]:
        """Create or replace a row; return it, and whether it is new. Errors: ValidationFailed, Conflict."""
        changed = self.apply_changes(item_id, values)
        # If the row exists but a foreign-key target does not, `add` creates no row either.
        return (self.add(values, item_id), True) if changed is None else (changed, False)

    def remove(self, item_id: UUID) -> None:
        """Delete a row. Errors: NotFound, Conflict while others depend on it."""
        statement = row_dml.delete_statement(self.spec.model)
        try:
            gone = self.executor.first(statement, row_dml.delete_parameters(item_id))
        except IntegrityError as error:
            raise Conflict(f"This {self.spec.noun} is in use: others depend on it.") from error
        if gone is None:
            raise row_not_found(self.spec)

    def lock_for_update(self, item_id: UUID) -> None:
        """Lock a row until the unit of work ends. Errors: NotFound."""
        if self.executor.first(row_dml.select_id_for_update(self.spec.model), {row_statements.VALUE: item_id}) is None:
            raise row_not_found(self.spec)

    def apply_changes(self, item_id: UUID, values: Values) -> Any | None:
        """Set columns of a row; return None if it or a foreign-key target does not exist. Errors: Conflict."""
        values = self.spec.rules.checked(values)
        statement = row_dml.update_statement(self.spec, frozenset(values))
        changed = self.executor.first(statement, row_dml.update_parameters(item_id, values))
        return None if changed is None else self.spec.represent(changed)

    def _refused(self, values: Values) -> ValidationFailed | RetryableConflict:
        """Return the error for a statement that wrote no row, with the foreign-key targets that do not exist."""
        field_errors = []
        missing = []
        for name, other in self.spec.references.items():
            if values.get(name) is not None:
                found = self.executor.first(row_statements.id_exists(other), {row_statements.VALUE: values[name]})
                if found is None:
                    missing.append(other)
                    field_errors.append(row_dml.missing_reference(other, (name,)))
        if field_errors:
            return ValidationFailed(row_dml.missing_references_detail(missing), field_errors)
        return RetryableConflict("Other writers were busy with the same rows.")
