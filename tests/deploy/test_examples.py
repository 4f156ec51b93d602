"""The files in docs/deploy agree with the service: commands, settings, probes, times, and what processes may do."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from diptych.core.cli import Commands
from diptych.core.errors import SettingsError
from diptych.core.settings import URL_FILE, Settings
from diptych.core.sync.operations import OPERATIONS
from tests.deploy.examples import (
    COMPOSE,
    DEPLOY,
    UNITS,
    Process,
    compose,
    dockerfile,
    image_command,
    objects,
    own_environment,
    pods,
    processes,
    unit,
)
from tests.support import haproxy
from tests.support.databases import ROOT
from tests.support.deployments import ADAPTERS, command
from tests.support.fronts import HOST, replaced

PROCESSES = processes()
SERVERS = {name: each for name, each in PROCESSES.items() if each.serves}

OTHERS = {"POD_IP", "PROMETHEUS_MULTIPROC_DIR", "TMPDIR"}
"""The variables that are not settings of Diptych's."""

TEMPORARY = "/tmp"  # noqa: S108 - of a container

ADDRESS_OPTIONS = {"--bind", "--host", "--port", "--workers"}

SANDBOX = re.compile(
    r"Protect|Private|Restrict(?!ed)|NoNew|Capability|LockPersonality|MemoryDeny|SystemCall|DynamicUser|User|UMask"
)

every = pytest.mark.parametrize("name", PROCESSES)
every_server = pytest.mark.parametrize("name", SERVERS)


def settings_of(process: Process) -> Settings:
    """Return a process's settings, with another database. Errors: SettingsError."""
    return Settings.from_environ({name: value for name, value in process.environment.items() if name != URL_FILE})


def option(process: Process, name: str) -> str | None:
    """Return the value of an option of a command."""
    return process.command[process.command.index(name) + 1] if name in process.command else None


def port_of(process: Process) -> int:
    """Return the port on which a server listens."""
    address = option(process, "--port") or option(process, "--bind") or str(settings_of(process).flask_port)
    return int(address.rpartition(":")[2])


def without_addresses(command: list[str]) -> list[str]:
    """Return a command without the options that say where to listen, and with how many workers."""
    values = {place + 1 for place, word in enumerate(command) if word in ADDRESS_OPTIONS}
    return [word for place, word in enumerate(command) if word not in ADDRESS_OPTIONS and place not in values]


def test_each_kind_of_deployment_has_both_adapters_a_worker_and_one_migration():
    for kind in ("compose", "kubernetes", "systemd"):
        found = [each for name, each in PROCESSES.items() if name.startswith(kind)]

        assert sorted(each.adapter for each in found if each.serves) == sorted(ADAPTERS)
        assert [each.works for each in found].count(True) == 1
        assert [each.migrates for each in found].count(True) == 1


# Commands and settings


@every_server
def test_a_server_is_started_as_the_documentation_says(name: str):
    process = SERVERS[name]
    program = Path(process.command[0]).name

    assert without_addresses([program, *process.command[1:]]) == without_addresses(command(process.adapter, 0)[2:])


@every
def test_a_command_is_there_once_the_package_is_installed(name: str):
    program, *arguments = PROCESSES[name].command

    assert Path(program).name in entry_points(group="console_scripts").names
    assert program.startswith("/opt/diptych/bin/") == name.startswith("systemd")
    if not PROCESSES[name].serves:
        command: Any = Commands(Settings())
        for argument in arguments:
            command = command.get_command(click.Context(command), argument)
            assert command is not None


@every
def test_every_variable_is_a_setting_whose_value_is_accepted(name: str):
    settings = settings_of(PROCESSES[name])

    known = {each.metadata["variable"] for each in fields(settings)} | {URL_FILE}
    assert PROCESSES[name].environment.keys() <= known | OTHERS
    assert HOST in settings.hosts.split(",") or (name not in SERVERS and name.startswith("kubernetes"))
    assert settings.trusted_proxies


@every
def test_the_database_url_is_in_a_file_that_the_process_gets(name: str):
    kind, _, own = name.partition(" ")
    path = PROCESSES[name].environment[URL_FILE]

    if kind == "compose":
        given = [f"/run/secrets/{each}" for each in compose()["services"][own]["secrets"]]
        assert set(compose()["services"][own]["secrets"]) <= compose()["secrets"].keys()
    elif kind == "kubernetes":
        (mount,) = [each for each in pods()[own]["containers"][0]["volumeMounts"] if each["name"] == "database"]
        # The command in docs/deploy.md makes the secret.
        assert "create secret generic diptych-database --from-literal=url=" in (ROOT / "docs/deploy.md").read_text(
            "utf-8"
        )
        given = [f"{mount['mountPath']}/url"]
    else:
        given = [f"/run/credentials/unit/{each.partition(':')[0]}" for each in unit(f"{own}.service")["LoadCredential"]]
    assert given == [path]


def test_the_existing_applications_unit_gets_known_variables():
    found = unit("library.service.d/diptych.conf")
    variables = own_environment(found)

    assert variables.pop(URL_FILE).rpartition("/")[2] == found["LoadCredential"][0].partition(":")[0]
    assert variables == {"PROMETHEUS_MULTIPROC_DIR": f"/run/{found['RuntimeDirectory'][0]}"}


# Stops, probes and addresses


@every_server
def test_what_stops_a_server_waits_longer_than_the_server_does(name: str):
    grace = SERVERS[name].grace

    assert grace is not None
    assert grace >= settings_of(SERVERS[name]).stop_timeout + 5


@every_server
def test_a_server_is_asked_where_it_listens(name: str):
    kind, _, own = name.partition(" ")
    port = port_of(SERVERS[name])

    if kind == "compose":
        service = compose()["services"][own]
        assert f"'http://127.0.0.1:{port}/health/ready'" in service["healthcheck"]["test"][3]
        address = service["networks"]["inside"]["ipv4_address"]
        assert f"server {own} {address}:{port}\n" in (DEPLOY / "haproxy.cfg").read_text("utf-8")
    elif kind == "kubernetes":
        assert pods()[own]["containers"][0]["ports"] == [{"name": "http", "containerPort": port}]
    else:
        assert f"server {SERVERS[name].adapter} 127.0.0.1:{port}\n" in haproxy.CONFIGURATION.read_text("utf-8")


@pytest.mark.parametrize("name", ADAPTERS)
def test_probes_ask_for_operations_that_exist_and_a_busy_pod_stays_in(name: str):
    (container,) = pods()[name]["containers"]
    probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")}
    settings = settings_of(PROCESSES[f"kubernetes {name}"])

    paths = {kind: probe["httpGet"]["path"] for kind, probe in probes.items()}
    assert paths == {"startup": "/health/live", "liveness": "/health/live", "readiness": "/health/ready"}
    assert set(paths.values()) <= {each.path for each in OPERATIONS if each.method == "GET"}
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"http"}
    assert min(probe["timeoutSeconds"] for probe in probes.values()) > settings.pool_timeout
    # As in docs/haproxy.cfg, which says why.
    assert probes["readiness"]["periodSeconds"] * probes["readiness"]["failureThreshold"] == 10


def test_the_socket_of_systemd_is_where_gunicorn_would_listen():
    assert unit("diptych-flask.socket")["ListenStream"] == [f"127.0.0.1:{port_of(PROCESSES['systemd diptych-flask'])}"]


def test_haproxy_is_configured_for_containers_as_on_one_machine_but_for_the_addresses():
    there = replaced(
        haproxy.CONFIGURATION.read_text("utf-8"),
        {
            "timeout connect 5s": "timeout connect 1s",
            "bind 127.0.0.1:8080": "bind :8080",
            "server flask 127.0.0.1:8000": "server flask 172.30.0.11:8000",
            "server sanic 127.0.0.1:8001": "server sanic 172.30.0.12:8000",
        },
    )
    # A comment on it.
    here = re.sub(r"    #.*\n(?=    timeout connect)", "", (DEPLOY / "haproxy.cfg").read_text("utf-8"))

    assert here.partition("\n")[2] == there.partition("\n")[2]


def test_compose_believes_haproxy_and_nobody_else():
    address = compose()["services"]["haproxy"]["networks"]["inside"]["ipv4_address"]

    for name in ADAPTERS:
        assert compose()["services"][name]["environment"]["DIPTYCH_TRUSTED_PROXIES"] == address


def test_the_ingress_leads_metrics_nowhere_and_all_else_to_the_service():
    (ingress,) = objects("Ingress")
    services = {each["metadata"]["name"]: each["spec"] for each in objects("Service")}
    (rule,) = ingress["spec"]["rules"]
    leads = {
        each["path"]: services[each["backend"]["service"]["name"]].get("selector") for each in rule["http"]["paths"]
    }

    assert leads == {"/": {"app.kubernetes.io/name": "diptych"}, "/metrics": None}
    assert "/metrics" in {each.path for each in OPERATIONS}
    for name in ADAPTERS:
        labels = next(each for each in objects("Deployment") if each["metadata"]["name"] == f"diptych-{name}")
        assert labels["spec"]["template"]["metadata"]["labels"].items() >= (leads["/"] or {}).items()


# What processes may do


@pytest.mark.parametrize("name", pods())
def test_a_pod_is_not_root_writes_nothing_and_gets_no_variables_of_services(name: str):
    pod = pods()[name]
    (container,) = pod["containers"]

    # Kubernetes would set DIPTYCH_PORT for a Service called diptych, and no server would start.
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"].keys() == {"requests", "limits"}
    writable = {each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")}
    assert writable == (set() if PROCESSES[f"kubernetes {name}"].migrates else {TEMPORARY})


@pytest.mark.parametrize("name", ["diptych", "flask", "sanic"])
def test_a_service_of_such_a_name_would_keep_a_pod_from_starting(name: str):
    variable = f"{name.upper()}_PORT"

    with pytest.raises(SettingsError, match=variable):
        Settings.from_environ({variable: "tcp://10.96.0.7:80"})
    # So docs/deploy.md warns of them.
    assert name not in {each["metadata"]["name"] for each in objects("Service")}


@pytest.mark.parametrize("name", [each for each in PROCESSES if each.startswith("compose")])
def test_a_container_is_not_root_and_writes_nothing(name: str):
    service = compose()["services"][name.removeprefix("compose ")]
    (user,) = [arguments for instruction, arguments in dockerfile() if instruction == "USER"]

    # Kubernetes compares a number, not a name, with root's.
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, [TEMPORARY], ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {str(each["securityContext"]["fsGroup"]) for each in pods().values()} == {user.partition(":")[2]}


def test_all_units_have_the_same_sandbox():
    first, *others = [
        {key: value for key, value in unit(f"{name}.service").items() if SANDBOX.match(key)} for name in UNITS
    ]

    assert {
        "DynamicUser",
        "NoNewPrivileges",
        "ProtectSystem",
        "SystemCallFilter",
        "CapabilityBoundingSet",
    } <= first.keys()
    assert others == [first] * (len(UNITS) - 1)


@pytest.mark.parametrize("name", ["diptych-flask", "diptych-sanic"])
def test_a_unit_keeps_temporary_files_in_memory_and_does_not_repeat_a_hopeless_start(name: str):
    found = unit(f"{name}.service")

    assert own_environment(found)["TMPDIR"] == f"/run/{found['RuntimeDirectory'][0]}"
    # tests/adapters/test_settings.py and test_starting.py have this status.
    assert found["RestartPreventExitStatus"] == ["3"]


def test_the_pods_connections_fit_into_postgresqls_default():
    total = 0
    for deployment in objects("Deployment"):
        process = PROCESSES[f"kubernetes {deployment['spec']['template']['spec']['containers'][0]['name']}"]
        if not process.serves:
            continue
        settings = settings_of(process)
        workers = int(option(process, "--workers") or settings.workers)
        pods_at_most = deployment["spec"]["replicas"] + deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
        total += pods_at_most * workers * (settings.pool_size + settings.pool_overflow)

    # As the comment in settings.yaml says.
    assert total == 60


# The image, and CI


def test_every_pod_runs_the_one_image():
    assert len({pod["containers"][0]["image"] for pod in pods().values()}) == 1
    assert {each["image"] for each in compose()["services"].values() if "build" in each} == {"diptych:0.1.0"}
    (build,) = {
        (COMPOSE.parent / each["build"]["context"]).resolve()
        for each in compose()["services"].values()
        if "build" in each
    }
    assert build == ROOT


def test_what_is_installed_is_what_both_adapters_need_in_the_versions_that_are_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    needed = [*project["project"]["dependencies"], *itertools.chain(*extras), *project["build-system"]["requires"]]
    deployed, tested = locked(DEPLOY / "requirements.lock"), locked(ROOT / "requirements.lock")

    # One extra includes another by the project's own name.
    assert {re.split(r"[^\w-]", each)[0] for each in needed} - {project["project"]["name"]} <= deployed.keys()
    assert {name: version for name, version in deployed.items() if tested.get(name) != version} == {}
    assert not {"pytest", "ruff", "mypy"} & deployed.keys()


def locked(file: Path) -> dict[str, str]:
    """Return the versions in a lock file, with their markers, by name."""
    return dict(re.findall(r"^([\w-]+)==(.*?) \\$", file.read_text("utf-8"), re.MULTILINE))


def test_a_machine_is_installed_as_the_image_is():
    installs = [
        f"pip {arguments.partition('pip ')[2]}" for name, arguments in dockerfile() if "pip install" in arguments
    ]
    page = (ROOT / "docs/deploy.md").read_text("utf-8")

    assert [each.replace("requirements.lock", "docs/deploy/requirements.lock") for each in installs] == [
        f"pip {each}" for each in re.findall(r"\$release/bin/pip (.*)", page)
    ]
    assert image_command() == PROCESSES["kubernetes flask"].command


def test_ci_runs_all_that_a_change_has_to_pass_with_the_python_of_the_image():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    (version,) = [value for name, value in dockerfile() if name == "ARG"]

    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert (ROOT / ".ci/run").is_file()
    assert job["container"].startswith(f"python:{version.removeprefix('PYTHON=')}-")


def test_the_page_starts_units_and_services_that_exist():
    page = (ROOT / "docs/deploy.md").read_text("utf-8")
    named = set(re.findall(r"systemctl (?:start|stop|restart|enable --now) (.+)", page))
    units = {each for line in named for each in line.split()} - {"library"}
    services = set(re.findall(r"docker compose (?:up|run) .*?(\w+)$", page, re.MULTILINE)) - {"wait"}

    assert units
    assert [
        each for each in units if not (DEPLOY / "systemd" / (each if "." in each else f"{each}.service")).exists()
    ] == []
    assert services == {"migrate", "worker", *ADAPTERS}
