"""The tokens of one identity provider, and its keys."""

from __future__ import annotations

from datetime import datetime

from diptych.core.access.principal import Principal
from diptych.core.oidc import verification
from diptych.core.oidc.issuer_keys import IssuerKeys
from diptych.core.oidc.provider import Provider

START_PATIENCE = 5.0
"""Seconds that a starting server waits for the issuer: with its keys, the first token is answered at once."""


class Verifier:
    """Verifies the tokens of an identity provider. It does not wait, but for `start`."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys = IssuerKeys(provider.issuer)

    def start(self) -> None:
        """Begin to read the issuer's keys, and wait for START_PATIENCE at most; without them, go on."""
        self._keys.start(START_PATIENCE)

    def close(self) -> None:
        """End reading them."""
        self._keys.close()

    def principal_of(self, token: str, moment: datetime) -> Principal:
        """Return who a token speaks of. Errors: as verification.principal_of."""
        return verification.principal_of(token, self._provider, self._keys.find, moment)
