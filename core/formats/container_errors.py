"""What can be wrong with a compressed file; the texts are for people."""

from __future__ import annotations


class ContainerError(ValueError):
    """A file is compressed in a way that is not read here, or cannot be unpacked at all."""


class BrokenContainerError(Exception):
    """A compressed file cannot be read on: it is damaged, or unpacks to too much.

    It is no ValueError, so that no reader takes it for the fault of one record.
    """
