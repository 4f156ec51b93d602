"""Imports over HTTP: files that were sent, what they would become, and what was rejected. Nothing here awaits."""
