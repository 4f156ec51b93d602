"""Forms, and the pages to correct them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from diptych.core.http.problems import Problem
from diptych.core.web import templates
from diptych.core.web.frame import Frame
from diptych.core.web.wording import text


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
    """A form that was refused. typed: its fields as they were sent."""

    frame: Frame
    problem: Problem
    typed: Mapping[str, str]

    @property
    def form(self) -> Form:
        """The form to correct."""
        found = [(each.parameter or str((each.path or ("",))[0]), each.detail) for each in self.problem.field_errors]
        wrong = {name: detail for name, detail in found if name}
        others = [] if wrong else [self.problem.detail]
        return Form(self.typed, wrong, others)


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
