"""The keys of an issuer, read in the background: no request waits for the issuer."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from time import monotonic

from joserfc.jwk import Key
from msgspec import Struct

from diptych.core.errors import ServiceUnavailable
from diptych.core.http.problems import unauthorized
from diptych.core.oidc.discovery import DiscoveryError, read_keys
from diptych.core.oidc.key_set import KeySet

REFRESH = 300.0
"""Seconds after which the keys are read again."""

INTERVAL = 10.0
"""Seconds between two attempts at least: after one that failed, and for a key that is not known."""

KEPT = 86_400.0
"""Seconds for which keys are used while the issuer does not answer."""

OVERDUE = 15.0
"""Seconds after which an attempt that has not ended counts as failed."""

_log = logging.getLogger("diptych")


class _State(Struct, frozen=True):
    """What is known. keys_at: when the attempt began that read the keys. wrong: why the last one failed, if it did."""

    keys: KeySet | None = None
    keys_at: float = -math.inf
    wrong: str = ""


class IssuerKeys:
    """The keys of one issuer. Threads share it; a process that was forked reads them by itself."""

    def __init__(self, issuer: str, read: Callable[[str], KeySet] = read_keys) -> None:
        self._issuer = issuer
        self._read = read
        self._state = _State()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._attempted = threading.Event()
        self._requested = threading.Event()
        self._closed = threading.Event()

    def start(self, patience: float = 0.0) -> None:
        """Begin to read the keys, if that has not begun, and wait for the first attempt for so many seconds at most."""
        if not self._is_running():
            with self._lock:
                if not self._is_running():
                    self._attempted, self._requested = threading.Event(), threading.Event()
                    self._thread = threading.Thread(target=self._run, name="diptych issuer keys", daemon=True)
                    self._thread.start()
        if patience:
            self._attempted.wait(patience)

    def close(self) -> None:
        """End reading."""
        self._closed.set()
        self._requested.set()

    def find(self, key_id: str | None, algorithm: str) -> Key:
        """Return the key with an id, for an algorithm; without an id, the only one for the algorithm.

        A key that is not known is looked for in the background. Errors: Problem 401 where the issuer has no such key;
        ServiceUnavailable while that is not known.
        """
        self.start()
        state, moment = self._state, monotonic()
        if state.keys is None or moment - state.keys_at > KEPT:
            raise ServiceUnavailable("The keys of the identity provider could not be read.")
        if (key := state.keys.find(key_id, algorithm)) is not None:
            return key
        self._requested.set()
        if moment - state.keys_at < INTERVAL:
            raise unauthorized("The token is signed with a key that its issuer does not have")
        raise ServiceUnavailable("The key of the token is not known yet: it is looked for at the identity provider.")

    def _is_running(self) -> bool:
        return self._closed.is_set() or (self._thread is not None and self._thread.is_alive())

    def _run(self) -> None:
        """Read the keys again and again, INTERVAL apart at least.

        The work has a thread of its own, since looking up a name can take as long as it likes.
        """
        reader: threading.Thread | None = None
        while not self._closed.is_set():
            began = monotonic()
            if reader is None or not reader.is_alive():
                reader = threading.Thread(target=self._attempt, args=(began,), name="diptych issuer", daemon=True)
                reader.start()
            reader.join(OVERDUE)
            if reader.is_alive():
                self._fail(f"no answer within {OVERDUE:g} s")
            self._attempted.set()
            self._requested.wait(INTERVAL if self._state.wrong else REFRESH)
            self._closed.wait(max(0.0, began + INTERVAL - monotonic()))
            self._requested.clear()

    def _attempt(self, began: float) -> None:
        try:
            keys = self._read(self._issuer)
        except DiscoveryError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - the last resort of a thread, which has to try again
            _log.exception("unexpected error")
            self._fail(type(error).__name__)
        else:
            if self._state.keys is None or self._state.wrong or not keys:
                level = logging.INFO if keys else logging.WARNING
                _log.log(level, "the identity provider has %s keys that can be used", len(keys))
            self._state = _State(keys, began)

    def _fail(self, wrong: str) -> None:
        if wrong != self._state.wrong:
            _log.warning("the keys of the identity provider were not read: %s", wrong)
        self._state = _State(self._state.keys, self._state.keys_at, wrong)
