"""Exports over HTTP that a job writes into a file. Nothing here awaits."""
