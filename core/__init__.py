"""Diptych's core: the whole catalogue service, knowing neither Flask nor Sanic."""
