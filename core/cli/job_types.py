"""The table of the types of jobs that `diptych work` does."""

from __future__ import annotations

from collections.abc import Mapping

from diptych.core.sync.worker import JobType

_TYPES: tuple[JobType, ...] = ()

JOB_TYPES: Mapping[str, JobType] = {each.name: each for each in _TYPES}
