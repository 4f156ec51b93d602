# Generated from core/aio/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""The generated twin of diptych.core.aio: the same, and it blocks."""
