"""Both adapters serve exactly the table of operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import sanic
from pydantic import BaseModel

import diptych.flask_app
import diptych.sanic_app
from diptych.core.aio.operations import OPERATIONS as AIO_OPERATIONS
from diptych.core.http.operations import METHODS, Operation, Route, routes
from diptych.core.settings import Settings
from diptych.core.sync.operations import OPERATIONS as SYNC_OPERATIONS

Served = dict[str, tuple[str, frozenset[str]]]

FLASK_PARAMETER = re.compile(r"<(\w+)>")
SANIC_PARAMETER = re.compile(r"<(\w+):str>")

TABLE = routes(SYNC_OPERATIONS)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path: Path = tmp_path_factory.mktemp("routes") / "catalogue.db"
    return Settings(database_url=f"sqlite:///{path}")


@pytest.fixture(scope="module")
def on_flask(settings: Settings) -> flask.Flask:
    return diptych.flask_app.create_app(settings=settings)


@pytest.fixture(scope="module")
def on_sanic(settings: Settings) -> Iterator[sanic.Sanic[Any, Any]]:
    app = diptych.sanic_app.create_app(settings=settings)
    yield app
    sanic.Sanic.unregister_app(app)


def served(table: list[Route]) -> Served:
    return {f"diptych.{route.name}": (route.path, frozenset(route.methods)) for route in table}


def parameters(route: Route) -> dict[str, str]:
    return {name: f"a-{name}" for name in re.findall(r"{(\w+)}", route.path)}


def address(route: Route) -> str:
    return re.sub(r"{(\w+)}", r"a-\1", route.path)


def test_flask_has_the_routes_of_the_table_and_no_other(on_flask: flask.Flask):
    rules = list(on_flask.url_map.iter_rules())
    found = {rule.endpoint: (FLASK_PARAMETER.sub(r"{\1}", rule.rule), frozenset(rule.methods or ())) for rule in rules}

    assert found == served(TABLE)
    assert len(rules) == len(TABLE)


def test_sanic_has_the_routes_of_the_table_and_no_other(on_sanic: sanic.Sanic[Any, Any]):
    found_routes = list(on_sanic.router.routes)
    found = {
        route.name.removeprefix(f"{on_sanic.name}."): (
            "/" + SANIC_PARAMETER.sub(r"{\1}", route.path),
            frozenset(route.methods),
        )
        for route in found_routes
    }

    assert {name.removeprefix("diptych."): at for name, at in found.items()} == {
        name.removeprefix("diptych."): at for name, at in served(routes(AIO_OPERATIONS)).items()
    }
    assert len(found_routes) == len(TABLE)


def test_every_path_answers_every_method_with_exactly_one_route():
    answered: dict[str, list[str]] = {}
    for route in TABLE:
        answered.setdefault(route.path, []).extend(route.methods)

    assert answered
    for path, methods in answered.items():
        assert sorted(methods) == sorted(METHODS), path


def test_every_route_has_a_name_of_its_own():
    names = [route.name for route in TABLE]

    assert len(set(names)) == len(names)


def test_the_twins_have_one_table():
    assert [told(operation) for operation in SYNC_OPERATIONS] == [told(operation) for operation in AIO_OPERATIONS]


def told(operation: Operation) -> dict[str, Any]:
    """Return an operation's attributes; models by name and schema, because each twin has its own classes."""
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "summary": operation.summary,
        "run": operation.run.__qualname__,
        "unit": operation.unit,
        "body": schema(operation.body),
        "body_required": operation.body_required,
        "query": schema(operation.query),
        "answers": operation.response_schema,
        "status": operation.status,
        "description": operation.description,
        "media_type": operation.media_type,
        "cache_control": operation.cache_control,
        "represents": operation.resource_path,
        "accepts": operation.accepts,
        "problems": operation.problems,
        "tag": operation.tag,
    }


def schema(model: type[BaseModel] | None) -> Any:
    return None if model is None else (model.__name__, model.model_json_schema())


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route.name)
def test_an_address_can_be_made_from_a_routes_name_on_both(
    on_flask: flask.Flask, on_sanic: sanic.Sanic[Any, Any], route: Route
):
    with on_flask.test_request_context():
        by_flask = flask.url_for(f"diptych.{route.name}", **parameters(route))
    by_sanic = on_sanic.url_for(f"diptych.{route.name}", **parameters(route))

    assert by_flask == by_sanic == address(route)
