"""The table of the types of jobs that `diptych work` does, and what it deletes once in a while."""

from __future__ import annotations

from collections.abc import Mapping

from diptych.core.import_export.import_steps import import_steps, preview_steps
from diptych.core.imports import queries
from diptych.core.imports.rules import IMPORT, KEPT, PREVIEW
from diptych.core.imports.schemas import ImportParameters, PreviewParameters
from diptych.core.sync import job_queue
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.worker import JobType


def sweep_imports(executor: Executor) -> int:
    """Delete some of the files that were sent long ago, and return how many."""
    return len(executor.all(queries.SWEEP, {"seconds": -KEPT.total_seconds()}))


_TYPES = (
    JobType(PREVIEW, PreviewParameters, preview_steps),
    JobType(IMPORT, ImportParameters, import_steps),
)

JOB_TYPES: Mapping[str, JobType] = {each.name: each for each in _TYPES}

SWEEPS = (job_queue.sweep, sweep_imports)
