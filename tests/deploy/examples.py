"""The files in docs/deploy: which processes they start, with which command and which environment."""

from __future__ import annotations

import itertools
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.databases import ROOT

DEPLOY = ROOT / "docs" / "deploy"
DOCKERFILE = DEPLOY / "Dockerfile"
COMPOSE = DEPLOY / "compose.yaml"
UNITS = ("diptych-flask", "diptych-sanic", "diptych-worker", "diptych-migrate")
POD_IP = "10.244.1.2"

Unit = Mapping[str, list[str]]
"""The values of each directive, in their order."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that an example starts.

    name: of its file, and in it. grace: seconds from SIGTERM to SIGKILL; None for one that ends by itself.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    grace: int | None = None

    @property
    def migrates(self) -> bool:
        """Return whether it is no server, but migrates the database."""
        return self.command[1:2] == ["database"]

    @property
    def works(self) -> bool:
        """Return whether it is no server, but does jobs."""
        return self.command[1:2] == ["work"]

    @property
    def serves(self) -> bool:
        """Return whether it is a server."""
        return not self.migrates and not self.works

    @property
    def adapter(self) -> str:
        """Return the adapter that it runs."""
        return {"gunicorn": "flask", "sanic": "sanic"}[Path(self.command[0]).name]


def processes() -> dict[str, Process]:
    """Return every process of the examples, by name."""
    found = [*_of_compose(), *_of_kubernetes(), *map(_of_systemd, UNITS)]
    return {each.name: each for each in found}


# Docker and Compose


def dockerfile(file: Path = DOCKERFILE) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, each with its arguments."""
    text = re.sub(r"^#.*\n", "", file.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", "")
    return [(name, arguments) for line in text.splitlines() if line for name, _, arguments in [line.partition(" ")]]


def sources() -> list[str]:
    """Return the files and folders of the repository that the Dockerfile copies."""
    copies = [
        arguments.split()[:-1] for name, arguments in dockerfile() if name == "COPY" and "--from" not in arguments
    ]
    return list(itertools.chain.from_iterable(copies))


def image_command() -> list[str]:
    """Return the image's CMD."""
    (command,) = [arguments for name, arguments in dockerfile() if name == "CMD"]
    return [str(each) for each in yaml.safe_load(command)]


def compose() -> dict[str, Any]:
    """Return compose.yaml."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))
    return found


def _of_compose() -> Iterator[Process]:
    for name, service in compose()["services"].items():
        if service["image"].startswith("diptych:"):
            grace = service.get("stop_grace_period")
            yield Process(
                f"compose {name}",
                service.get("command") or image_command(),
                service["environment"],
                int(grace.removesuffix("s")) if grace else None,
            )


# Kubernetes


def objects(kind: str) -> list[dict[str, Any]]:
    """Return Kubernetes' objects of a kind."""
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    found = itertools.chain.from_iterable(yaml.safe_load_all(file.read_text("utf-8")) for file in files)
    return [each for each in found if each["kind"] == kind]


def pods() -> dict[str, dict[str, Any]]:
    """Return the specification of each kind of pod, by the name of its container."""
    specs = [each["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for each in objects(kind)]
    return {spec["containers"][0]["name"]: spec for spec in specs}


def _of_kubernetes() -> Iterator[Process]:
    (settings,) = objects("ConfigMap")
    for name, spec in pods().items():
        (container,) = spec["containers"]
        assert [each["configMapRef"]["name"] for each in container["envFrom"]] == [settings["metadata"]["name"]]
        # Without a value, it is the pod's address.
        given = {each["name"]: each.get("value", POD_IP) for each in container.get("env", ())}
        own = {variable: value.replace("$(POD_IP)", POD_IP) for variable, value in given.items()}
        # The time of preStop is part of the grace period.
        before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        grace = spec.get("terminationGracePeriodSeconds")
        yield Process(f"kubernetes {name}", container["args"], settings["data"] | own, grace and grace - before)


# systemd


def unit(name: str) -> Unit:
    """Return the directives of a unit, of all its sections; no name is in two of them."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (DEPLOY / "systemd" / name).read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            key, equals, value = line.partition("=")
            assert equals, f"{line!r} is no directive"
            found[key].append(value)
    return found


def environment_file() -> dict[str, str]:
    """Return the variables of diptych.env."""
    lines = (DEPLOY / "systemd" / "diptych.env").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def own_environment(found: Unit) -> dict[str, str]:
    """Return the variables that a unit sets itself, with systemd's directories in them."""
    places = {"%d": "/run/credentials/unit", "%t": "/run"}
    variables = dict(each.split("=", 1) for each in found["Environment"])
    return {name: re.sub("%.", lambda place: places[place[0]], value) for name, value in variables.items()}


def _of_systemd(name: str) -> Process:
    found = unit(f"{name}.service")
    (command,) = found["ExecStart"]
    grace = found.get("TimeoutStopSec")
    environment = own_environment(found) | environment_file()
    return Process(f"systemd {name}", shlex.split(command), environment, int(grace[0]) if grace else None)
