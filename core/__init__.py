"""Diptych's core: the whole catalogue service, knowing neither Flask nor Sanic."""

from diptych.bare import hand_on

hand_on(__name__)
