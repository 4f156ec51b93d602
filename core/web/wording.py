"""All words of the pages, in one place.

Templates and views name a text by its key. To translate the pages, look the English text up in a catalogue of gettext
here: `text` and `count` are the only places that give words out, and each entry is a message.
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

TEXTS: Mapping[str, str] = {
    "site.name": "Diptych",
    "site.skip": "Skip to the content",
    "site.reference": "For programs: the API",
    "site.signed_in": "Signed in as {name}",
    "home.title": "The catalogue",
    "home.about": "Programs read it by the API. Pages to read it are being made.",
    "error.title": "{title} ({status})",
    "error.home": "Go to the first page",
    "error.sign_in": "This page is for people with an account. Sign in to see it.",
    "error.fields": "What is wrong",
    "error.try_again": "Try again in {seconds} seconds.",
    "error.try_again_minutes": "Try again in {minutes} minutes.",
    "error.400": "This address cannot be read",
    "error.401": "Sign in to see this page",
    "error.403": "You may not see this page",
    "error.404": "There is nothing here",
    "error.405": "This page cannot be used like that",
    "error.413": "That is too much at once",
    "error.415": "This form came in an unknown form",
    "error.422": "Something has to be put right",
    "error.429": "Too many attempts",
    "error.500": "Something has gone wrong here",
    "error.503": "The catalogue is busy or away",
    "error.other": "This did not work",
    "error.about.404": "The address may have a mistake in it, or what was here may have been removed. Search for it.",
    "error.about.500": "It has been written down for those who run this service. Try again later.",
    "error.about.503": "Nothing was changed. Try again in a moment.",
    "form.summary": "There is a problem",
    "sign_in.title": "Sign in",
    "sign_in.name": "Name",
    "sign_in.password": "Password",
    "sign_in.button": "Sign in",
    "sign_in.help": "Accounts and passwords come from whoever runs this catalogue.",
    "sign_in.wrong": "The name or the password is wrong, or the code is: an account with a second factor needs one.",
    "code.label": "Code",
    "code.hint": "Only for an account with a second factor: its six digits, or a recovery code.",
    "sign_out.title": "Sign out",
    "sign_out.about": "You will have to sign in again to change the catalogue.",
    "sign_out.button": "Sign out",
    "password.title": "Change your password",
    "password.about": "This signs you out everywhere. Sign in again with the new password.",
    "password.current": "Current password",
    "password.new": "New password",
    "password.rule": "15 characters or more: several words are easy to remember and hard to guess.",
    "password.button": "Change the password",
    "account.link": "Password",
}
"""Texts by key; {names} in them are filled in."""

PLURALS: Mapping[str, tuple[str, str]] = {}
"""Texts about a number {n}: of one, and of any other."""


def text(key: str, **values: object) -> Markup:
    """Return a text with its values, which are escaped. Errors: KeyError for an unknown key or value."""
    return Markup(TEXTS[key]).format(**values)  # noqa: S704 - the texts above, and no other


def count(key: str, number: int) -> Markup:
    """Return a text about a number. Errors: KeyError."""
    one, other = PLURALS[key]
    return Markup(one if number == 1 else other).format(n=f"{number:,}")  # noqa: S704 - as above
