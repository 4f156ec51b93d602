"""Forms, and the pages to correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import uuid4

from msgspec import Struct
from pydantic import RootModel

from diptych.core.http.problems import Problem
from diptych.core.web import templates
from diptych.core.web.frame import Frame
from diptych.core.web.wording import text

SECRET = ("password", "current_password", "new_password", "code")
"""Fields that are shown to nobody again."""

Typed = RootModel[dict[str, str]]
"""The fields of a form as they were typed, by name."""


def new_key() -> str:
    """Return the key of a form that is shown: however often it is sent, it counts once."""
    return str(uuid4())


class Form(Struct, frozen=True):
    """A form as it is shown.

    typed: the fields as they were sent. wrong: what is wrong with a field, by its name. others: what else is wrong.
    """

    typed: Mapping[str, str] = {}
    wrong: Mapping[str, str] = {}
    others: Sequence[str] = ()

    def value(self, name: str) -> str:
        """Return what was typed into a field."""
        return self.typed.get(name, "")


class Refused(Struct, frozen=True):
    """A form that was refused.

    typed: its fields as they were sent. address: of its page, from the root of the mount.
    """

    frame: Frame
    problem: Problem
    typed: Mapping[str, str]
    address: str = ""

    @property
    def form(self) -> Form:
        """The form to correct."""
        found = [(each.parameter or self._field(each.path or ()), each.detail) for each in self.problem.field_errors]
        wrong: dict[str, str] = {}
        for name, detail in found:
            if name:
                wrong.setdefault(name, detail)
        others = [] if wrong else [self.problem.detail]
        return Form(self.typed, wrong, others)

    def _field(self, path: Sequence[str | int]) -> str:
        """Return the field that a path leads to: that of the longest part of it, or the first one of a row."""
        for end in range(len(path), 0, -1):
            name = ".".join(map(str, path[:end]))
            if name in self.typed:
                return name
            if isinstance(path[end - 1], int) and (row := [each for each in self.typed if each.startswith(f"{name}.")]):
                return row[0]
        return str(path[0]) if path else ""


def sign_in(frame: Frame, form: Form | None = None) -> bytes:
    """Return the page to sign in."""
    return templates.render("sign_in.html", frame, form=form or Form())


def sign_out(frame: Frame) -> bytes:
    """Return the page to sign out."""
    return templates.render("sign_out.html", frame)


def password(frame: Frame, form: Form | None = None) -> bytes:
    """Return the page to change a password."""
    return templates.render("password.html", frame, form=form or Form())


def sign_in_again(refused: Refused) -> bytes:
    """Return the page to sign in after a refusal."""
    form = refused.form
    if "password" in form.wrong and refused.problem.status == 422 and len(form.wrong) == 1:
        # Whether the name or the password is wrong is not told.
        form = Form(form.typed, {}, [text("sign_in.wrong")])
    return sign_in(refused.frame, form)


def password_again(refused: Refused) -> bytes:
    """Return the page to change a password after a refusal."""
    return password(refused.frame, refused.form)


def carried(typed: Mapping[str, str]) -> str:
    """Return what was typed as it is kept while somebody signs in, without what is secret."""
    return urlencode([(name, value) for name, value in typed.items() if name not in SECRET])


def go_on(frame: Frame, address: str, typed: Mapping[str, str]) -> bytes:
    """Return the page that sends what was typed before somebody signed in. address: as in Refused."""
    return templates.render("go_on.html", frame, address=address, typed=typed)
