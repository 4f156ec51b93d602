"""The pages that manage accounts, tokens, the policy, jobs and imports, as people go through them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from urllib.parse import urljoin

import httpx

from diptych.core.sync.operations import OPERATIONS
from tests.contract.conftest import each_once
from tests.contract.making import marker, new_id
from tests.contract.test_imports import titles
from tests.support.markup import Page

pytestmark = each_once

SignedIn = Callable[..., httpx.Client]
Work = Callable[[], None]

PASSWORD = "the moomins of the valley"  # noqa: S105 - of accounts that are made here
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

ELSEWHERE = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example"},
)
"""What browsers say of a form that a page of another site has sent."""

OF_ADMINISTRATORS = [
    operation
    for operation in OPERATIONS
    if operation.for_browsers and operation.needed in ("accounts:manage", "jobs:manage")
]


def page_of(browser: httpx.Client, path: str) -> Page:
    response = browser.get(path)
    assert response.status_code == 200, response.text
    return Page.of(response.text)


def sent(browser: httpx.Client, path: str, **fields: str) -> str:
    """Send a form that is accepted; return the address that it leads to."""
    response = browser.post(path, data=fields)
    assert response.status_code == 303, response.text
    return urljoin(path, response.headers["Location"])


def refused(browser: httpx.Client, path: str, **fields: str) -> list[str]:
    """Send a form that is refused; return the fields that something is wrong with."""
    response = browser.post(path, data=fields, headers=FORM)
    assert response.status_code in (409, 422), response.text
    return [name.removesuffix("-mistake") for name in Page.of(response.text).ids if name.endswith("-mistake")]


def linked(page: Page, path: str, words: str) -> str:
    """Return the address of the first link to what contains some words."""
    return next(urljoin(path, link) for link in page.links if words in link)


def test_no_page_of_administration_is_for_others(api: httpx.Client, signed_in: SignedIn):
    editor = signed_in("editor")
    assert len(OF_ADMINISTRATORS) > 10

    for operation in OF_ADMINISTRATORS:
        path = operation.path.replace("{id}", new_id())
        form = {"data": {"x": "y"}} if operation.method == "POST" else {}
        for browser, status in ((editor, 403), (api, 401)):
            response = browser.request(operation.method, path, **form)
            assert (response.status_code, response.headers["Cache-Control"]) == (status, "no-store"), path


def test_links_to_what_is_managed_are_shown_to_those_who_may(api: httpx.Client, signed_in: SignedIn):
    own = {"/ui/imports", "/ui/jobs"}
    all_of_them = own | {"/ui/accounts", "/ui/policy", "/ui/security-events", "/ui/health"}
    for browser, managed in ((signed_in("administrator"), all_of_them), (signed_in("editor"), own), (api, own)):
        leading = {urljoin("/ui/manage", link) for link in page_of(browser, "/ui/manage").links}
        assert leading & all_of_them == managed
        for path in managed:
            page_of(browser, path)
    reader = signed_in("reader")
    assert "Manage" not in page_of(reader, "/ui/").text
    assert reader.get("/ui/manage").status_code == 403


def test_every_page_has_a_button_to_sign_out(signed_in: SignedIn):
    root = signed_in("administrator")

    for path in ("/ui/", "/ui/books", "/ui/me", "/ui/password", "/ui/manage", "/ui/accounts"):
        assert '/sign-out"><button' in root.get(path).text, path


def test_fields_for_passwords_hide_them_and_let_them_be_filled_in(signed_in: SignedIn, api: httpx.Client):
    tove = signed_in("reader")
    own = ["/ui/password", "/ui/second-factor", "/ui/me/tokens/new", "/ui/me/sessions/end-others"]
    shown = [api.get("/ui/sign-in").text, *(tove.get(path).text for path in own)]

    for html in shown:
        fields = re.findall(
            r'<input id="((?:current_|new_)?password)" name="\1" type="(\w+)" autocomplete="([a-z-]+)"', html
        )
        assert fields
        assert all(kind == "password" and hint.endswith("-password") for _, kind, hint in fields)
        assert not {"onpaste", "onkeydown", "readonly"} & Page.of(html).attributes


def test_a_form_of_another_site_changes_nothing(signed_in: SignedIn, api: httpx.Client):
    root = signed_in("administrator")
    forms = [each for each in OPERATIONS if each.for_browsers and each.method != "GET"]
    assert {each for each in OPERATIONS if each.for_browsers and each.writes} <= {*forms}

    for number, form in enumerate(forms):
        path = re.sub("{[a-z]+}", new_id(), form.path)
        for browser in (root, api):
            response = browser.request(form.method, path, data={"x": "y"}, headers=ELSEWHERE[number % len(ELSEWHERE)])
            assert response.status_code == 403, path


def test_an_administrator_makes_an_account_changes_it_and_gives_it_a_token(signed_in: SignedIn, api: httpx.Client):
    root, name = signed_in("administrator", PASSWORD), marker()
    assert refused(root, "/ui/accounts/new", name="<b>", role="editor", kind="person") == ["name"]

    path = sent(root, "/ui/accounts/new", name=name, role="reader", kind="person")

    assert name in page_of(root, path).text
    assert refused(root, "/ui/accounts/new", name=name, role="editor", kind="person") == ["name"]
    assert sent(root, path, role="editor", active="true") == path
    new = f"{path}/tokens/new"
    given = {"label": "<i>nightly", "days": "7", "scope.catalogue:read": "on", "scope.catalogue:write": "on"}
    assert refused(root, new, **{**given, "current_password": "wrong"}) == ["current_password"]
    assert refused(root, new, label="", days="7", current_password=PASSWORD) == ["label", "scope"]
    made = root.post(new, data={**given, "current_password": PASSWORD})
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    (token,) = re.findall(r"<code>(dpt_[^<]+)</code>", made.text)
    who = api.get("/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (who["name"], who["role"]) == (name, "editor")

    shown = root.get(path).text
    assert "&lt;i&gt;nightly" in shown
    assert token not in shown
    (revoking,) = re.findall(r'action="([^"]+/revoke)"', shown)
    assert sent(root, urljoin(path, revoking)) == path
    assert "nightly" not in root.get(path).text
    assert sent(root, path, role="editor", active="false") == path
    assert "Disabled" in page_of(root, path).text
    events = page_of(root, f"/ui/security-events?accountIdIn={path.rpartition('/')[2]}").text
    for event in ("Account created", "Account changed", "Token created", "Token revoked"):
        assert event in events
    assert "on these pages" in events
    assert "State: Disabled (before: Enabled)" in events
    assert "via " not in events
    deleting = page_of(root, f"{path}/delete")
    assert name in deleting.text
    assert sent(root, f"{path}/delete", form_key=deleting.fields["form_key"], name=name) == "/ui/accounts"
    assert root.get(path).status_code == 404
    assert "Account deleted" in page_of(root, f"/ui/security-events?accountIdIn={path.rpartition('/')[2]}").text


def test_people_see_and_end_their_sessions_and_make_tokens_of_their_own(signed_in: SignedIn, api: httpx.Client):
    tove = signed_in("reader", PASSWORD)
    name = re.findall(r"<h1><bdi>([^<]+)", tove.get("/ui/me").text)[0]
    form = {"name": name, "password": PASSWORD}
    others = []
    for _ in range(3):
        others.append(api.post("/ui/sign-in", data=form).headers["Set-Cookie"].partition(";")[0])
        api.cookies.clear()

    ending = [urljoin("/ui/me", link) for link in page_of(tove, "/ui/me").links if link.endswith("/end")]
    assert len(ending) == 3
    page_of(tove, ending[0])
    assert refused(tove, ending[0], current_password="wrong") == ["current_password"]  # noqa: S106 - it is wrong
    assert sent(tove, ending[0], current_password=PASSWORD) == "/ui/me"
    assert [api.get("/ui/me", headers={"Cookie": each}).status_code for each in others].count(200) == 2
    assert sent(tove, "/ui/me/sessions/end-others", current_password=PASSWORD) == "/ui/me"
    assert [api.get("/ui/me", headers={"Cookie": each}).status_code for each in others] == [401] * 3

    given = {"label": "Mine", "days": "never", "current_password": PASSWORD}
    assert refused(tove, "/ui/me/tokens/new", **given, **{"scope.catalogue:write": "on"}) == ["scope"]
    made = tove.post("/ui/me/tokens/new", data={**given, "scope.catalogue:read": "on"})
    assert "dpt_" in made.text
    stranger = signed_in("editor")
    (revoking,) = re.findall(r'action="([^"]+/revoke)"', tove.get("/ui/me").text)
    assert stranger.post(urljoin("/ui/me", revoking)).status_code == 404
    assert sent(tove, urljoin("/ui/me", revoking)) == "/ui/me"


def test_the_policy_is_shown_and_changed(signed_in: SignedIn):
    root = signed_in("administrator")
    assert 'value="editor" checked' in root.get("/ui/policy").text

    assert sent(root, "/ui/policy", role="editor") == "/ui/policy"

    for fields in ({"role": "administrator"}, {}):
        assert root.post("/ui/policy", data=fields, headers=FORM).status_code == 422
    assert 'value="editor" checked' in root.get("/ui/policy").text


def test_the_health_of_the_service_is_in_words(signed_in: SignedIn, add_job: Callable[..., str]):
    root, job = signed_in("administrator"), add_job()

    page = page_of(root, "/ui/health")

    assert "Schema revision" in page.text
    assert "Jobs waiting" in page.text
    assert sent(root, f"/ui/job/{job}/cancel") == f"/ui/job/{job}"
    assert "Cancelled" in page_of(root, f"/ui/job/{job}").text


def test_a_job_is_looked_at_again_where_somebody_has_asked_for_that(api: httpx.Client, add_job: Callable[..., str]):
    path = f"/ui/job/{add_job()}"

    waiting, followed = api.get(path), api.get(f"{path}?follow=true")

    assert "Refresh" not in waiting.headers
    assert followed.headers["Refresh"] == "5"
    assert sent(api, f"{path}/cancel") == path
    assert "Refresh" not in api.get(f"{path}?follow=true").headers
    assert api.get(f"/ui/job/{new_id()}").status_code == 404


def test_how_to_make_the_first_account_is_said_to_everybody(api: httpx.Client):
    path = linked(page_of(api, "/ui/sign-in"), "/ui/sign-in", "first-account")

    page = page_of(api, path)

    assert "diptych accounts create" in page.text
    assert not {"name", "password"} & page.fields.keys()


# Imports


def upload(browser: httpx.Client, content: str, name: str) -> httpx.Response:
    """Send a file as a browser does, which names an empty one too."""
    file = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{content}\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    return browser.post("/ui/imports/new", content=file.encode(), headers=headers)


def uploaded(browser: httpx.Client, content: str, name: str = "books.csv") -> str:
    """Send a file; return the path of its page."""
    response = upload(browser, content, name)
    assert response.status_code == 303, response.text
    path, _, query = urljoin("/ui/imports/new", response.headers["Location"]).partition("?")
    assert query == "follow=true"
    return path


def test_a_file_is_imported_page_by_page_its_rejects_mended_and_all_of_it_undone(signed_in: SignedIn, work: Work):
    editor, one = signed_in("editor"), marker()
    path = uploaded(editor, f'Name,Who,Shelf\n"{one} <b>a",Homer,1\n,Writer {one},2\n', "<i>.csv")
    assert editor.get(f"{path}?follow=true").headers["Refresh"] == "5"
    work()

    shown = editor.get(path)
    page = Page.of(shown.text)
    assert "b" not in page.tags
    assert f"{one} <b>a" in page.text
    assert "<i>.csv" in page.text
    assert "As recognised: title" in page.text
    assert page.fields.keys() >= {"column.0", "column.1", "column.2", "format", "encoding", "separator", "strict"}
    again = sent(editor, f"{path}/preview", **{"column.1": "authors", "column.2": "tags", "column.0": ""})
    work()
    assert again == f"{path}?follow=true"
    page = page_of(editor, path)
    assert "As recognised: author" in page.text
    assert "Homer" in page.text
    assert titles(editor, one) == []

    sent(editor, f"{path}/start", **{"column.0": "", "column.1": "", "column.2": "-"})
    assert editor.post(f"{path}/start", headers=FORM).status_code == 409
    work()

    assert titles(editor, one) == [f"{one} <b>a"]
    rejects = editor.get(f"{path}/rejects.csv")
    assert rejects.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, rejected = csv.reader(io.StringIO(rejects.text))
    assert header == ["Name", "Who", "Shelf", "reason"]
    assert rejected[1] == f"Writer {one}"
    page = page_of(editor, path)
    assert "Rejected1" in re.sub(r"\s", "", page.text)
    mended = uploaded(editor, rejects.text.replace(f",Writer {one}", f"{one} b,Writer {one}"))
    work()
    sent(editor, f"{mended}/start", **{"column.1": "author"})
    work()
    assert titles(editor, one) == [f"{one} <b>a", f"{one} b"]

    assert sent(editor, f"{path}/undo") == f"{path}?follow=true"
    work()
    assert titles(editor, one) == [f"{one} b"]
    assert "Undoing an import: Done" in page_of(editor, path).text
    assert editor.post(f"{path}/undo").status_code == 409
    assert sent(editor, f"{path}/delete") == "/ui/imports"
    assert editor.get(path).status_code == 404


def test_a_file_whose_title_is_not_recognised_is_told_in_words_of_its_own(api: httpx.Client, work: Work):
    one = marker()
    path = uploaded(api, f"Nom;Qui\n{one};Homer\n", "")
    work()
    page = page_of(api, path)
    assert "no column holds the title" in page.text
    assert "--map" not in page.text

    sent(api, f"{path}/preview", title="Nom", author="Qui", default_language="fr")
    work()

    assert f"{one}" in page_of(api, path).text
    assert "French" in page_of(api, path).text
    assert "/undo" not in api.get(path).text
    assert api.post(f"{path}/undo").status_code == 401


def test_a_form_without_a_file_is_shown_again(api: httpx.Client):
    response = upload(api, "", "")

    assert response.status_code == 422
    assert "file-mistake" in Page.of(response.text).ids
    assert api.post("/ui/imports/new", content=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400


def test_a_file_that_is_sent_on_a_page_may_be_larger_than_other_forms(api: httpx.Client, work: Work):
    one = marker()
    content = f"title,shelf\n{one}," + "x" * 90_000 + f"\n{one} last,\n" + ("x," + "y" * 90_000 + "\n") * 100

    path = uploaded(api, content)
    work()

    assert f"{one} last" in page_of(api, path).text


def test_a_file_of_somebody_else_is_not_there(signed_in: SignedIn, api: httpx.Client):
    path = uploaded(signed_in("editor"), "title\nx\n")

    for browser in (api, signed_in("editor")):
        assert browser.get(path).status_code == 404
        assert browser.get(f"{path}/rejects.csv").status_code == 404
        assert browser.post(f"{path}/start", headers=FORM).status_code == 404
    root = signed_in("administrator")
    job = linked(page_of(root, "/ui/jobs"), "/ui/jobs", "ui/job/")
    assert page_of(root, path).fields.keys() == set()
    sent(root, f"{job}/cancel")
