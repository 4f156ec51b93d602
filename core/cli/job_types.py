"""The table of the types of jobs that `diptych work` does, and what it deletes once in a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from diptych.core.exports.rules import EXPORT
from diptych.core.exports.schemas import ExportParameters
from diptych.core.files.rules import EXAMINE
from diptych.core.files.schemas import ExamineParameters
from diptych.core.files.store import FileStore
from diptych.core.http.spool import Spool
from diptych.core.import_export.export_steps import export_steps, sweep_exports
from diptych.core.import_export.import_steps import import_steps, preview_steps
from diptych.core.import_export.undo_job import undo_steps
from diptych.core.imports import queries
from diptych.core.imports.rules import IMPORT, KEPT, PREVIEW, UNDO
from diptych.core.imports.schemas import ImportParameters, PreviewParameters, UndoParameters
from diptych.core.settings import Settings
from diptych.core.sync import job_queue
from diptych.core.sync.file_examination import examine_steps
from diptych.core.sync.file_storage import FileSweep
from diptych.core.sync.operations import RESOURCES
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.worker import JobType, Sweep


def sweep_imports(executor: Executor) -> int:
    """Delete some of the files that were sent long ago, and return how many."""
    return len(executor.all(queries.SWEEP, {"seconds": -KEPT.total_seconds()}))


_SERVICES: Any = {each.service.spec.model.__tablename__: each.service for each in RESOURCES}

_UNDO = JobType(UNDO, UndoParameters, partial(undo_steps, _SERVICES))


def job_types_of(settings: Settings) -> Mapping[str, JobType]:
    """Return the types of jobs, by name."""
    store, spool = FileStore(settings.files), partial(Spool, settings.spool_directory)
    preview = JobType(PREVIEW, PreviewParameters, partial(preview_steps, store))
    import_ = JobType(IMPORT, ImportParameters, partial(import_steps, store))
    examine = JobType(EXAMINE, ExamineParameters, partial(examine_steps, store))
    export = JobType(EXPORT, ExportParameters, partial(export_steps, store, spool))
    return {each.name: each for each in (preview, import_, _UNDO, examine, export)}


def sweeps_of(settings: Settings) -> Sequence[Sweep]:
    """Return what a worker deletes once in a while."""
    return (job_queue.sweep, sweep_imports, sweep_exports, FileSweep(FileStore(settings.files)))
