"""Diptych's core: the whole catalogue service, knowing neither Flask nor Sanic."""

from diptych.bare import alias_in_diptych

alias_in_diptych(__name__)
