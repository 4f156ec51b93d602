"""Counters shared by processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from diptych.core.observability import shared_counters
from diptych.core.observability.shared_counters import SharedCounters, read_all_processes

KEY = ("GET", "", "404")


def found(directory: Path) -> dict[tuple[str, ...], float]:
    return {key: numbers[0] for _, key, numbers in read_all_processes(2, directory)}


def test_what_one_process_counts_any_other_reads_at_once(tmp_path: Path):
    row = SharedCounters(2, tmp_path / "made").row(KEY)
    for number in range(1, 4):
        row[0] += 1
        assert found(tmp_path / "made") == {KEY: number}


def test_what_a_killed_process_has_counted_stays_also_where_another_has_its_number(tmp_path: Path):
    program = (
        "import os, signal; from pathlib import Path;"
        "from diptych.core.observability.shared_counters import SharedCounters;"
        f"SharedCounters(2, Path({str(tmp_path)!r})).row({KEY!r})[0] += 3; os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -9
    assert found(tmp_path) == {KEY: 3}

    (left,) = tmp_path.iterdir()
    left.rename(tmp_path / f"{os.getpid()}.2.counts")
    again = SharedCounters(2, tmp_path)
    again.row(("PUT", "/books/{id}", "200"))[0] += 1
    again.row(KEY)[0] += 1

    assert found(tmp_path) == {KEY: 4, ("PUT", "/books/{id}", "200"): 1}


def test_there_are_only_so_many_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared_counters, "ROWS", 3)
    table = SharedCounters(2, tmp_path)
    for number in range(3):
        table.row((str(number),))[0] = number
    with pytest.raises(OSError, match="more than 3"):
        table.row(("one more",))
    assert found(tmp_path) == {("0",): 0, ("1",): 1, ("2",): 2}
    assert table.row(("2",))[0] == 2


def test_a_disk_that_is_full_is_an_error_and_not_the_end_of_the_process(tmp_path: Path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="large"):
            SharedCounters(2, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_has_only_just_been_made_has_nothing_in_it(tmp_path: Path):
    (tmp_path / "1.2.counts").touch()
    assert found(tmp_path) == {}
