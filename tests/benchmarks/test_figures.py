"""The calculations of `make bench`, and what it writes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.contestants import CONTESTANTS
from benchmarks.figures import Figures
from benchmarks.load import Loaded
from benchmarks.plan import Plan, UsageError
from benchmarks.plot import BAR, svg
from benchmarks.report import Machine, Report
from benchmarks.running import Measured
from benchmarks.workloads import WORKLOADS
from tests.support.databases import ROOT
from tests.support.pages import write

BY_NAME = {each.name: each for each in CONTESTANTS}
FLASK, SANIC = BY_NAME["flask"], BY_NAME["sanic"]
GET, LIST = WORKLOADS[0], next(each for each in WORKLOADS if each.name == "list")


def measured(contestant: str, rate: int, p99: int = 1000, workload: str = GET.name, fault: str = "") -> Measured:
    loaded = Loaded(requests=rate * 2, microseconds=2_000_000, p50=p99 // 2, p99=p99, bytes=1, refused=0, unanswered=0)
    return Measured(contestant, workload, 0, loaded, fault)


def figures(*measurements: Measured) -> Figures:
    return Figures(CONTESTANTS, [GET, LIST], measurements)


def test_a_figure_is_the_median_of_its_rounds() -> None:
    rounds = [measured("flask", rate, p99) for rate, p99 in ((100, 9000), (500, 1000), (200, 2000))]
    found = figures(*rounds).of(FLASK, GET)
    assert found is not None
    assert (found.rate, found.p99) == (200, 2.0)


def test_an_adapter_is_compared_with_the_floor_and_the_best_peer_of_its_kind() -> None:
    rates = {
        "flask": 50, "flask_floor": 100, "flask_alchemy": 20, "drf": 25,
        "sanic": 90, "sanic_floor": 120, "litestar_granian": 10, "litestar_uvicorn": 30, "fastapi": 15,
    }  # fmt: skip
    found = figures(*(measured(name, rate) for name, rate in rates.items()))
    assert (found.share(FLASK, GET), found.lead(FLASK, GET)) == (0.5, 2.0)
    assert (found.share(SANIC, GET), found.lead(SANIC, GET)) == (0.75, 3.0)
    assert found.lead(BY_NAME["flask_floor"], GET) == 4.0
    assert found.share(BY_NAME["flask_floor"], GET) is None
    assert (found.share(BY_NAME["drf"], GET), found.lead(BY_NAME["drf"], GET)) == (None, None)


def test_one_void_round_leaves_no_figure_and_no_ratio() -> None:
    found = figures(measured("flask", 50), measured("flask_floor", 100), measured("flask_floor", 90, fault="void: x"))
    assert found.of(BY_NAME["flask_floor"], GET) is None
    assert found.share(FLASK, GET) is None
    assert "| Flask, hand-written SQL | void | void |" in found.rates()


def test_the_spread_is_that_of_the_rounds() -> None:
    rounds = [measured("flask", rate) for rate in (90, 100, 110)]
    assert figures(*rounds, measured("sanic", 5), measured("drf", 5)).spread() == 0.0
    assert figures(*rounds).spread() == pytest.approx(0.2)


def test_the_ratios_are_a_table() -> None:
    chosen = [FLASK, BY_NAME["flask_floor"], BY_NAME["drf"]]
    rates = [measured("flask", 690), measured("flask_floor", 1000), measured("drf", 200)]
    assert Figures(chosen, [GET, LIST], rates).heads() == (
        "|  | get author | list 20 |\n"
        "| --- | ---: | ---: |\n"
        "| Diptych on Flask: share of its floor | 0.69 |  |\n"
        "| Diptych on Flask: times the best peer | 3.5 |  |\n"
        "| Flask, hand-written SQL: times the best peer | 5.0 |  |\n"
    )


def test_the_picture_has_a_bar_for_every_figure() -> None:
    found = ET.fromstring(svg(figures(measured("flask", 50), measured("flask_floor", 100))))  # noqa: S314 - our own
    bars = [float(rect.get("width", "")) for rect in found.iter("{http://www.w3.org/2000/svg}rect")][4:]
    assert len(bars) == 2 * len(CONTESTANTS)
    assert sorted(bars)[-2:] == [BAR / 2, BAR]
    texts = [text.text for text in found.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("void") == 2 * len(CONTESTANTS) - 2


def test_the_report_says_with_what_and_where_it_was_measured() -> None:
    machine = Machine(system="Linux 6", processor="Z80", cores=2, memory_gib=1, python="3.11.7", load=0.1)
    report = Report(
        plan=Plan(contestants=[FLASK], workloads=[GET], rounds=3, seconds=4),
        machine=machine,
        versions={"flask": {"flask": "3.1.3"}},
        postgresql={"server_version": "18.4", "fsync": "on", "synchronous_commit": "on"},
        measurements=[measured("flask", 50)],
    )
    text = report.markdown()
    for told in ("Z80, 2 cores", "PostgreSQL 18.4, fsync on", "3 rounds of 4 seconds", "flask 3.1.3", "| 50 |"):
        assert told in text
    found = json.loads(report.json())
    assert found["machine"]["processor"] == "Z80"
    assert found["figures"][0]["median"] == {"rate": 50.0, "p99": 1.0}


def test_a_run_is_whole_unless_something_is_left_out() -> None:
    assert Plan.of({}).whole
    assert Plan.of({"BENCH_ROUNDS": "5"}).whole
    for name, less in (("", "quick"), ("_ONLY", "flask,sanic"), ("_WORKLOADS", "list"), ("_SECONDS", "1")):
        assert not Plan.of({f"BENCH{name}": less}).whole


def test_what_is_asked_for_is_chosen() -> None:
    chosen = Plan.of({"BENCH_ONLY": "sanic_floor, sanic", "BENCH_WORKLOADS": "list"})
    assert [each.name for each in chosen.contestants] == ["sanic", "sanic_floor"]
    assert chosen.workloads == [LIST]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"BENCH": "fast"}, "BENCH=quick is a short run"),
        ({"BENCH_ROUNDS": "0"}, "BENCH_ROUNDS is a whole number from 1, not 0"),
        ({"BENCH_ONLY": "falcon"}, "BENCH_ONLY has falcon; there are flask, "),
        ({"BENCH_WORKLOADS": "put"}, "BENCH_WORKLOADS has put; there are get_author, "),
    ],
)
def test_a_setting_that_means_nothing_is_refused(environ: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Plan.of(environ)


@pytest.mark.parametrize("page", ["README.md", "docs/performance.md"])
def test_a_page_has_a_place_for_the_figures(page: str, tmp_path: Path) -> None:
    copy = Path(shutil.copy(ROOT / page, tmp_path))
    before = copy.read_text("utf-8")
    write(copy, "make bench", "| the first |\n")
    once = copy.read_text("utf-8")
    assert "<!-- figures: make bench -->\n| the first |\n<!-- end of figures -->\n" in once
    write(copy, "make bench", "| the second |\n")
    assert copy.read_text("utf-8") == once.replace("| the first |", "| the second |")
    head, _, rest = once.partition("<!-- figures: make bench -->\n")
    assert before.startswith(head)
    assert before.endswith(rest.partition("<!-- end of figures -->\n")[2])


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- figures: make faults -->\n<!-- end of figures -->\n", "utf-8")
    with pytest.raises(ValueError, match="no place for the figures of make bench"):
        write(page, "make bench", "1")
