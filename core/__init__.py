"""Diptych's core: the whole catalogue service, independent of Flask and Sanic."""

from diptych.bare import alias_in_diptych

alias_in_diptych(__name__)
