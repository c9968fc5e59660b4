"""How passwords are kept: argon2id, at equal cost whatever is stored, and never too many at once.

- One `Argon2Hasher.verify` costs one computation on the current parameters, also without an account,
  without a password or with an unreadable hash (EN-04); an empty or malformed password never verifies
  (HS-06).  A password over 1,024 bytes costs nothing, whoever's it is (PW-03).
- A hash on other parameters, under an old pepper or of a legacy scheme costs its own verification, and one
  computation on the current parameters besides: here when the password is wrong, in the caller's rehash
  when it is right (EN-03).  Such an account can be told from others by time until its owner signs in once;
  no floor of time is kept for it.
- An unreadable hash is an answer (``recognised=False``), never an exception (HS-07).
- Passwords are hashed in NFC, whole, as UTF-8.  With a pepper, argon2 gets HMAC-SHA256 of that under the
  pepper, and the stored string begins with ``pepper:<key id>:`` (HS-08; NIST SP 800-63B-4 3.1.1.2).
- At most one computation per core runs at once, on threads kept for it; who waits too long gets
  `HasherBusyError` (HS-05).

Nothing secret is in a repr, and nothing here can be pickled (LG-01).
"""

import os
from collections.abc import Sequence
from typing import Protocol

import argon2
from attrs import frozen

from customer_accounts.computing import ComputingThreads, HasherBusyError
from customer_accounts.password_policy import PasswordFault, prepare, unhashable
from customer_accounts.stored_hash import (
    Argon2Hash,
    LegacyHash,
    LegacyVerifier,
    Pepper,
    read_argon2,
    read_legacy,
    refuse_pickling,
)

__all__ = [
    "CHEAPEST",
    "OWASP_MINIMUM",
    "RFC_9106_LOW_MEMORY",
    "Argon2Hasher",
    "Argon2Parameters",
    "Hasher",
    "HasherBusyError",
    "LegacyVerifier",
    "Pepper",
    "RememberingHasher",
    "Verification",
]

_SLOTS = os.cpu_count() or 1
_STAND_IN = "-"  # computed with in place of an empty or malformed password, so that it costs the same


@frozen
class Argon2Parameters:
    """What one argon2id computation costs.

    Args:
        memory: KiB.
        rounds: passes over that memory.
        lanes: degree of parallelism.
    """

    memory: int
    rounds: int
    lanes: int

    @property
    def weak(self) -> bool:
        """True below the least that the OWASP Password Storage Cheat Sheet accepts (19 MiB, 2 rounds)."""
        return self.memory < OWASP_MINIMUM.memory or self.rounds < OWASP_MINIMUM.rounds


#: The default: the OWASP minimum, some 20 ms; a shop signs in crowds at once, and each computation takes 19
#: MiB.
OWASP_MINIMUM = Argon2Parameters(memory=19_456, rounds=2, lanes=1)
#: RFC 9106 section 4, second recommended option: where 64 MiB per sign-in are at hand.
RFC_9106_LOW_MEMORY = Argon2Parameters(memory=65_536, rounds=3, lanes=4)
#: For tests only: the least that argon2 allows.
CHEAPEST = Argon2Parameters(memory=8, rounds=1, lanes=1)


@frozen
class Verification:
    """What comparing a password with a stored hash said.

    Args:
        ok: the password is right.
        needs_rehash: it is right and should be stored anew, on the current parameters and pepper (HS-03).
        recognised: the stored hash could be read; False also where none is stored.
    """

    ok: bool
    needs_rehash: bool
    recognised: bool


class Hasher(Protocol):
    """What `RememberingHasher` needs; `customer_accounts.ports.PasswordHasher` is the same for hosts."""

    def hash(self, password: str, /) -> str:
        """Return what to store."""
        ...

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Compare with what is stored."""
        ...


class Argon2Hasher:
    """The `customer_accounts.ports.PasswordHasher` of this library; share one per process.

    Args:
        parameters: the current cost.
        peppers: the current one first, then older ones whose hashes still verify; empty for none.
        legacy: verifiers for imported hashes.
        slots: computations at once; by default the number of cores.
        wait: seconds to wait for a slot.
        allow_cheap: accept parameters below the OWASP minimum, in tests.

    Raises:
        ValueError: parameters below the OWASP minimum (HS-01), or two peppers under one key id.
    """

    __reduce_ex__ = refuse_pickling

    def __init__(
        self,
        parameters: Argon2Parameters = OWASP_MINIMUM,
        *,
        peppers: Sequence[Pepper] = (),
        legacy: Sequence[LegacyVerifier] = (),
        slots: int = _SLOTS,
        wait: float = 5.0,
        allow_cheap: bool = False,
    ) -> None:
        if parameters.weak and not allow_cheap:
            raise ValueError("parameters are below the OWASP minimum of 19 MiB and 2 rounds")
        self._parameters = parameters
        self._argon2 = argon2.PasswordHasher(parameters.rounds, parameters.memory, parameters.lanes)
        self._peppers = {pepper.key_id: pepper for pepper in peppers}
        if len(self._peppers) != len(peppers):
            raise ValueError("two peppers have the same key id")
        self._current = peppers[0] if peppers else None
        # Well-formed, and nobody can find its password: the hash is all zeros.
        cost = f"m={parameters.memory},t={parameters.rounds},p={parameters.lanes}"
        zeros = f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"
        self._dummy = Argon2Hash(self._argon2, zeros, self._current, old=False)
        self._legacy = tuple(legacy)
        #: Where it computes; a function that hashes may run there as a whole.
        self.threads = ComputingThreads(slots, wait, parameters.memory * 1024)

    def __repr__(self) -> str:
        """Name the parameters and the ids of the peppers, never a key."""
        return f"Argon2Hasher({self._parameters!r}, peppers={list(self._peppers)!r})"

    def hash(self, password: str, /) -> str:
        """Return what to store for *password*.

        Raises:
            ValueError: the password is empty, malformed or over 1,024 bytes, which the policy refuses before.
            HasherBusyError: no slot became free in time.
        """
        if fault := unhashable(password):
            raise ValueError(f"this password cannot be hashed: {fault.value}")
        secret, prefix = prepare(password).encode(), ""
        if self._current:
            secret, prefix = self._current.apply(secret), f"pepper:{self._current.key_id}:"
        return prefix + self.threads.run(self._argon2.hash, secret)

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Compare *password* with what is stored, or do the same work without it.

        Raises:
            HasherBusyError: no slot became free in time.
        """
        scheme = self._scheme_of(stored)
        fault = unhashable(password)
        if fault is PasswordFault.TOO_LONG:
            return Verification(ok=False, needs_rehash=False, recognised=scheme is not None)
        answer, right = self.threads.run(self._compared, scheme, password, fault)
        rehash = right and scheme is not None and scheme.old
        return Verification(ok=right, needs_rehash=rehash, recognised=answer is not None)

    def _compared(
        self, scheme: Argon2Hash | LegacyHash | None, password: str, fault: PasswordFault | None
    ) -> tuple[bool | None, bool]:
        typed = _STAND_IN if fault else password
        answer = scheme.answer(typed) if scheme else None
        right = answer is True and fault is None
        if scheme is None or answer is None or (scheme.old and not right):
            self._dummy.answer(typed)
        return answer, right

    def _scheme_of(self, stored: str | None) -> Argon2Hash | LegacyHash | None:
        if not isinstance(stored, str):
            return None
        ours = read_argon2(stored, self._argon2, self._peppers, self._current)
        return ours or read_legacy(stored, self._legacy)


class RememberingHasher:
    """A hasher for one call of one command, which never computes the same twice.

    A lost race is decided again with the same input, and the customer waits for one computation only (EN-03).
    It keeps the password in memory, so it is thrown away with the call; not for several threads.
    """

    __reduce_ex__ = refuse_pickling

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._hashes: dict[str, str] = {}
        self._verifications: dict[tuple[str, str | None], Verification] = {}

    def __repr__(self) -> str:
        """Name the hasher behind, nothing that was asked."""
        return f"RememberingHasher({self._hasher!r})"

    def hash(self, password: str, /) -> str:
        """Return what to store for *password*, the same string each time."""
        if password not in self._hashes:
            self._hashes[password] = self._hasher.hash(password)
        return self._hashes[password]

    def verify(self, password: str, stored: str | None, /) -> Verification:
        """Return the answer of the hasher behind, asked once."""
        key = (password, stored)
        if key not in self._verifications:
            self._verifications[key] = self._hasher.verify(password, stored)
        return self._verifications[key]
