"""The public keys of an issuer: a JSON Web Key Set (RFC 7517)."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    # RFC 8037, and the name that RFC 9864 gives it.
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
"""The algorithms that are taken, all of them asymmetric, by the type and the curve of their keys."""

_MEMBERS: Mapping[str, tuple[type[RSAKey | ECKey | OKPKey], tuple[str, ...]]] = {
    "RSA": (RSAKey, ("n", "e")),
    "EC": (ECKey, ("crv", "x", "y")),
    "OKP": (OKPKey, ("crv", "x")),
}
"""The members of a key that are read. Whatever else it has, such as certificates, is nothing to us."""

RSA_BITS = range(2048, 6145)
"""RFC 7518 section 3.3 wants the first. A longer modulus than the last takes a request too long."""

LIMIT = 100
"""Most keys of a set that are looked at."""


class KeySet:
    """The keys of an issuer that can be used here, by their id and by algorithm."""

    def __init__(self, keys: Iterable[tuple[str | None, str, Key]]) -> None:
        """keys: the id, an algorithm and the key. Of two with the same id, the first counts."""
        self._keys: dict[tuple[str | None, str], Key] = {}
        self._by_algorithm: dict[str, list[Key]] = {}
        for key_id, algorithm, key in keys:
            self._keys.setdefault((key_id, algorithm), key)
            self._by_algorithm.setdefault(algorithm, []).append(key)

    def __len__(self) -> int:
        return len({id(key) for key in self._keys.values()})

    def find(self, key_id: str | None, algorithm: str) -> Key | None:
        """Return the key with an id, for an algorithm; without an id, the only one for the algorithm."""
        if key_id is not None:
            return self._keys.get((key_id, algorithm))
        there = self._by_algorithm.get(algorithm, [])
        return there[0] if len(there) == 1 else None


def parse_key_set(document: Any) -> KeySet:
    """Return the usable keys of a key set, without those that are not understood (RFC 7517 section 5).

    Errors: ValueError for what is no key set.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("is no key set: it has no list of keys")  # noqa: TRY004 - it is about a document
    return KeySet(found for each in keys[:LIMIT] if isinstance(each, dict) for found in _usable(each))


def _usable(data: dict[str, Any]) -> Iterator[tuple[str | None, str, Key]]:
    """Yield a key with its id and each algorithm for which it may be used; nothing for a key that is of no use."""
    if not all(isinstance(data.get(name, ""), str) for name in ("kid", "kty", "crv", "alg")):
        return
    operations = data.get("key_ops", ["verify"])
    if data.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return
    key_type = data.get("kty", "")
    possible = ALGORITHMS.get((key_type, None if key_type == "RSA" else data.get("crv")), ())
    algorithms = [each for each in possible if data.get("alg", each) == each]
    if algorithms and (key := _imported(key_type, data)):
        for each in algorithms:
            yield data.get("kid"), each, key


def _imported(key_type: str, data: dict[str, Any]) -> Key | None:
    """Return a public key; None for one that is malformed, weak, or not supported by this machine's OpenSSL."""
    imported, names = _MEMBERS[key_type]
    members = {name: data.get(name) for name in names}
    if not all(isinstance(each, str) and each.isascii() for each in members.values()):
        return None
    try:
        if key_type == "RSA" and _bits(str(members["n"])) not in RSA_BITS:
            return None
        key: Key = imported.import_key({"kty": key_type, **members})  # type: ignore[dict-item]  # texts, as was checked
    except (JoseError, ValueError, UnsupportedAlgorithm):
        return None
    return key


def _bits(number: str) -> int:
    """Return the length of a number in base64url. Errors: ValueError."""
    return int.from_bytes(urlsafe_b64decode(number + "=="), "big").bit_length()
