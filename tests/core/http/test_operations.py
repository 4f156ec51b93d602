"""The table of operations, and the routes made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

import diptych.core.aio.operations
import diptych.core.sync.operations
from diptych.core.http.operations import METHODS, Operation, Route, native_path, routes

TWINS = pytest.mark.parametrize(
    "table", [diptych.core.aio.operations.OPERATIONS, diptych.core.sync.operations.OPERATIONS], ids=["aio", "sync"]
)


GET_UNITS = ("read", "stream", "none", "optional")


def operation(method: str, path: str = "/things", name: str | None = None) -> Operation:
    return Operation(name=name or method.lower(), method=method, path=path, summary="", run=print, unit="none")


def by_name(found: Sequence[Route]) -> dict[str, Route]:
    return {route.name: route for route in found}


def test_head_goes_with_get_and_with_nothing_else():
    found = by_name(routes([operation("GET"), operation("POST")]))
    assert found["get"].methods == ("GET", "HEAD")
    assert found["post"].methods == ("POST",)


def test_the_remaining_methods_of_a_path_have_one_route_without_an_operation():
    found = by_name(routes([operation("GET"), operation("POST")]))
    rest = found["other_things"]
    assert rest.operation is None
    assert rest.methods == ("DELETE", "OPTIONS", "PATCH", "PUT")


def test_head_is_among_the_remaining_methods_where_nothing_is_read():
    assert "HEAD" in by_name(routes([operation("POST")]))["other_things"].methods


def test_every_route_of_a_path_allows_the_same_methods_and_options():
    found = routes([operation("PUT"), operation("GET")])
    assert {route.allowed for route in found} == {("GET", "HEAD", "OPTIONS", "PUT")}


def test_operations_of_one_path_are_put_together_wherever_they_stand_in_the_table():
    found = routes([operation("GET", "/a", "x"), operation("GET", "/b", "y"), operation("PUT", "/a", "z")])
    assert [route.name for route in found] == ["x", "z", "other_a", "y", "other_b"]
    assert by_name(found)["z"].allowed == ("GET", "HEAD", "OPTIONS", "PUT")


def test_a_routes_name_is_an_identifier_whatever_its_path():
    names = {route.name for route in routes([operation("GET", "/open-api.json"), operation("GET", "/a/{id}", "one")])}
    assert names == {"get", "other_open_api_json", "one", "other_a_id"}


def test_no_operations_are_no_routes():
    assert routes([]) == []


def test_a_path_is_written_as_each_framework_writes_it():
    assert native_path("/books/{id}/tags", "<{}>") == "/books/<id>/tags"
    assert native_path("/books/slug/{slug}", "<{}:str>") == "/books/slug/<slug:str>"
    assert native_path("/health/live", "<{}>") == "/health/live"


@TWINS
def test_on_every_path_each_method_has_exactly_one_route(table: Sequence[Operation]):
    for path in {each.path for each in table}:
        there = Counter(method for route in routes(table) if route.path == path for method in route.methods)
        assert there == dict.fromkeys(METHODS, 1), path


@TWINS
def test_names_of_routes_are_unique_and_fit_for_a_router(table: Sequence[Operation]):
    names = [route.name for route in routes(table)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


@TWINS
def test_only_what_reads_is_a_get_and_every_get_reads(table: Sequence[Operation]):
    different = {each.name for each in table if (each.method == "GET") != (each.unit in GET_UNITS)}
    # The form with the books that were chosen, which may be too many for an address.
    assert different == {"form_batch"}


@TWINS
def test_only_what_writes_takes_a_body(table: Sequence[Operation]):
    assert {each.method for each in table if each.body} <= {"POST", "PUT", "PATCH", "DELETE"}
    sending = [each for each in table if each.method in ("POST", "PUT", "PATCH")]
    without = {each.name for each in sending if not (each.body or each.stores_file)}
    buttons = {f"form_{name}" for name in ("cancel_job", "remove_file", "revoke_token")}
    buttons |= {"form_undo_import", "form_delete_import"}
    assert without == {"exports_create", "jobs_cancel", "imports_undo", "ui_sign_out", *buttons}


def test_the_twins_have_the_same_table():
    def shown(table: Sequence[Operation]) -> list[tuple[object, ...]]:
        return [
            (each.name, each.method, each.path, each.summary, each.unit, each.status, each.body_required,
             each.body and each.body.model_json_schema(), each.query and each.query.model_json_schema())
            for each in table
        ]  # fmt: skip

    assert shown(diptych.core.aio.operations.OPERATIONS) == shown(diptych.core.sync.operations.OPERATIONS)
