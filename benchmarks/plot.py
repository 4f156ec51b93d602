"""The figures as a bar chart: one bar for each contestant in each workload."""

from __future__ import annotations

from benchmarks.contestants import Contestant
from benchmarks.figures import Figures
from benchmarks.workloads import Workload
from diptych.core.http.openapi.html import Markup, element

COLUMNS = 3
WIDTH, NAME, BAR, LINE, HEAD, GAP = 340, 172, 105, 15, 24, 14

COLOURS = {"adapter": "#0b6e4f", "floor": "#9aa5b1", "peer": "#d9a441"}
LEGEND = {"adapter": "this service", "floor": "hand-written SQL on the same server", "peer": "other frameworks"}


def svg(figures: Figures) -> str:
    """Draw requests a second as SVG, each workload on its own scale."""
    height = HEAD + LINE * len(figures.contestants) + GAP
    lines = -(-len(figures.workloads) // COLUMNS)
    panels = [
        element(
            "g",
            *_panel(figures, workload),
            transform=f"translate({GAP + place % COLUMNS * WIDTH} {2 * HEAD + place // COLUMNS * height})",
        )
        for place, workload in enumerate(figures.workloads)
    ]
    wide, high = COLUMNS * WIDTH + GAP, 2 * HEAD + lines * height
    return element(
        "svg",
        element("rect", width=str(wide), height=str(high), fill="white"),
        *_legend(),
        *panels,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {wide} {high}",
        font_family="sans-serif",
        font_size="10",
    )


def _legend() -> list[Markup]:
    found = [_text("Requests a second", GAP, HEAD, font_size="13", font_weight="bold")]
    for place, (role, told) in enumerate(LEGEND.items()):
        x = WIDTH * 0.6 + place * 230
        found += [_rect(x, HEAD - 9, 10, COLOURS[role]), _text(told, x + 15, HEAD)]
    return found


def _panel(figures: Figures, workload: Workload) -> list[Markup]:
    most = max((figure.rate for each in figures.contestants if (figure := figures.of(each, workload))), default=1)
    found = [_text(workload.title, 0, 12, font_size="12", font_weight="bold")]
    for place, contestant in enumerate(figures.contestants):
        found += _bar(figures, contestant, workload, most, HEAD + place * LINE)
    return found


def _bar(figures: Figures, contestant: Contestant, workload: Workload, most: float, top: int) -> list[Markup]:
    figure = figures.of(contestant, workload)
    length = BAR * figure.rate / most if figure else 0
    return [
        _text(contestant.title, NAME - 5, top + 9, text_anchor="end"),
        _rect(NAME, top, length, COLOURS[contestant.role]),
        _text(f"{figure.rate:,.0f}" if figure else "void", NAME + length + 4, top + 9),
    ]


def _text(text: str, x: float, y: float, **attributes: str) -> Markup:
    return element("text", text, x=f"{x:g}", y=f"{y:g}", **attributes)


def _rect(x: float, y: float, width: float, fill: str) -> Markup:
    return element("rect", x=f"{x:.1f}", y=f"{y:g}", width=f"{width:.1f}", height="10", fill=fill)
