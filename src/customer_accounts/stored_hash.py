"""What a stored password hash says about itself, and how one password is compared with it.

Three forms are read: an argon2 hash in PHC form, the same behind ``pepper:<key id>:``, and whatever a
legacy verifier knows. Anything else is no hash.  Nothing here counts slots or spends time to be equal; that
is `customer_accounts.hashing`.

Source: OWASP Password Storage Cheat Sheet (peppering, upgrading legacy hashes); RFC 9106.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import NoReturn, Protocol

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from attrs import field, frozen

from customer_accounts.password_policy import prepare

#: Never stored by us: a hash that claims more would only stop the server (1 GiB, 32 rounds, 64 lanes).
_CEILING = (1_048_576, 32, 64)
_PHC = re.compile(
    r"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+",
    re.ASCII,
)
_LEAST_KEY = 32  # as long as what HMAC-SHA256 returns (RFC 2104 section 3)
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_PEPPERED = re.compile(rf"pepper:({_KEY_ID.pattern}):(.*)", re.DOTALL)


class LegacyVerifier(Protocol):
    """Knows one scheme of an earlier shop, only to verify; the first sign-in replaces it (HS-02)."""

    def recognise(self, stored: str, /) -> bool:
        """Tell whether *stored* is a well-formed hash of this scheme, at a cost that may be paid."""
        ...

    def verify(self, password: str, stored: str, /) -> bool:
        """Tell whether *password* belongs to a recognised hash; a ValueError counts as no."""
        ...


def refuse_pickling(value: object, _protocol: object) -> NoReturn:
    """Stand in for ``__reduce_ex__`` where a value holds secrets (LG-01)."""
    raise TypeError(f"{type(value).__name__} holds secrets and is never pickled or copied")


@frozen
class Pepper:
    """A secret key outside the database, without which stolen hashes cannot be tried.

    Args:
        key_id: names the key in stored hashes; 1 to 32 letters, digits, dots, hyphens or underscores.
        key: at least 32 bytes.

    Raises:
        ValueError: an unusable key id or a short key.
    """

    key_id: str
    key: bytes = field(repr=False)

    __reduce_ex__ = refuse_pickling

    def __attrs_post_init__(self) -> None:
        """Refuse what could not be found again in a stored hash or could be guessed."""
        if not _KEY_ID.fullmatch(self.key_id) or len(self.key) < _LEAST_KEY:
            raise ValueError("a pepper needs a simple key id and at least 32 bytes")

    def apply(self, secret: bytes) -> bytes:
        """Return HMAC-SHA256 of *secret* under the key."""
        return hmac.digest(self.key, secret, hashlib.sha256)


@frozen(repr=False)
class Argon2Hash:
    """An argon2 hash with the pepper that it was made under.

    Args:
        argon2: computes.
        phc: the hash in PHC form.
        pepper: applied first, or None.
        old: not what the current settings would store.
    """

    argon2: argon2.PasswordHasher
    phc: str
    pepper: Pepper | None
    old: bool

    def answer(self, password: str) -> bool | None:
        """Tell whether *password* is right, None if the hash cannot be computed after all."""
        secret = prepare(password).encode()
        try:
            return self.argon2.verify(self.phc, self.pepper.apply(secret) if self.pepper else secret)
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError):
            return None


@frozen(repr=False)
class LegacyHash:
    """A hash of an earlier shop with the verifier that knows it; always old."""

    verifier: LegacyVerifier
    stored: str
    old: bool = True

    def answer(self, password: str) -> bool | None:
        """Tell whether *password* is right, in NFC or as typed at an earlier shop; None if unreadable."""
        try:
            return any(self.verifier.verify(form, self.stored) for form in {prepare(password), password})
        except ValueError:
            return None


def read_argon2(
    stored: str, engine: argon2.PasswordHasher, peppers: Mapping[str, Pepper], current: Pepper | None
) -> Argon2Hash | None:
    """Read an argon2 hash; None if it is none, claims absurd costs, or is under a pepper that nobody has.

    Args:
        stored: what the storage holds.
        engine: computes, and knows the current parameters.
        peppers: all known peppers by key id.
        current: the pepper that new hashes are made under.
    """
    peppered = _PEPPERED.fullmatch(stored)
    pepper = peppers.get(peppered[1]) if peppered else None
    phc = peppered[2] if peppered else stored
    claimed = _PHC.fullmatch(phc)
    if claimed is None or (peppered and pepper is None):
        return None
    if any(int(cost) > limit for cost, limit in zip(claimed.groups(), _CEILING, strict=True)):
        return None
    old = pepper is not current or engine.check_needs_rehash(phc)
    return Argon2Hash(engine, phc, pepper, old)


def read_legacy(stored: str, verifiers: Iterable[LegacyVerifier]) -> LegacyHash | None:
    """Return the hash with the first verifier that recognises it, or None."""
    found = next((verifier for verifier in verifiers if verifier.recognise(stored)), None)
    return LegacyHash(found, stored) if found else None
