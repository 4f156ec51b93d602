"""docs/formats.md says what the code does."""

import importlib
import re
from pathlib import Path

from diptych.core.formats.registry import FORMATS

PAGE = (Path(__file__).parents[3] / "docs/formats.md").read_text("utf-8")


def test_every_format_is_listed_as_it_is():
    listed = PAGE.partition("| format | what |")[2].partition("\n\n")[0].splitlines()[2:]
    said = ["yes" if flag else "no" for item in FORMATS for flag in (item.is_read, item.is_written)]
    assert listed == [
        f"| `{item.name}` | {item.label} | {said[2 * place]} | {said[2 * place + 1]} | {needs(item)}|"
        for place, item in enumerate(FORMATS)
    ]


def needs(item):
    return f"{', '.join(item.libraries)} " if item.libraries else ""


def test_every_loss_is_listed():
    table = PAGE.partition("| format | not kept |")[2].partition("\n\n")[0].splitlines()[2:]
    listed = {
        name: tuple(line.split("|")[2].strip().split(", "))
        for line in table
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    modules = {item.name: importlib.import_module(item.writer.partition(":")[0]) for item in FORMATS if item.writer}
    losses = {name: module.LOSSES for name, module in modules.items() if hasattr(module, "LOSSES")}
    assert listed == losses
