"""Password hashes of earlier shops, verified once and then replaced (HS-02).

- Django's ``pbkdf2_sha256$<iterations>$<salt>$<base64 of 32 bytes>``.
- phpass as WordPress (and so WooCommerce) stored it up to 6.7, ``$P$`` or ``$H$``: repeated MD5.

Both run on the standard library.  bcrypt hashes (``$2y$``, and ``$wp$2y$`` of WordPress 6.8) need a library
of their own and are not read here; a host passes its own verifier for them.  Costs that no shop has stored
are not recognised: such a string could only stop the server.
"""

import binascii
import hashlib
import hmac
import re

# Django 5.2 stores one million; more than ten times that is not a hash but an attack.
_PBKDF2_MOST = 10_000_000
_PBKDF2 = re.compile(r"pbkdf2_sha256\$([1-9][0-9]{0,7})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]{43}=)")

_PHPASS_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PHPASS = re.compile(r"\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})")
# WordPress stored 2^13 rounds, phpBB 2^11; 2^7 is the least that phpass makes.
_PHPASS_ROUNDS = range(7, 19)


class DjangoPbkdf2:
    """Verifies hashes that Django stored under its default scheme."""

    def recognise(self, stored: str, /) -> bool:
        """Tell whether *stored* is such a hash with at most ten million iterations."""
        parts = _PBKDF2.fullmatch(stored)
        return parts is not None and int(parts[1]) <= _PBKDF2_MOST

    def verify(self, password: str, stored: str, /) -> bool:
        """Tell whether *password* belongs to *stored*."""
        parts = _PBKDF2.fullmatch(stored)
        if parts is None:
            return False
        made = hashlib.pbkdf2_hmac("sha256", password.encode(), parts[2].encode(), int(parts[1]))
        return hmac.compare_digest(binascii.b2a_base64(made, newline=False), parts[3].encode())


class Phpass:
    """Verifies phpass "portable" hashes."""

    def recognise(self, stored: str, /) -> bool:
        """Tell whether *stored* is such a hash with at most 2^18 rounds."""
        parts = _PHPASS.fullmatch(stored)
        return parts is not None and _PHPASS_ALPHABET.index(parts[1]) in _PHPASS_ROUNDS

    def verify(self, password: str, stored: str, /) -> bool:
        """Tell whether *password* belongs to *stored*."""
        parts = _PHPASS.fullmatch(stored)
        if parts is None:
            return False
        secret = password.encode()
        digest = hashlib.md5(parts[2].encode() + secret, usedforsecurity=False).digest()
        for _ in range(2 ** _PHPASS_ALPHABET.index(parts[1])):
            digest = hashlib.md5(digest + secret, usedforsecurity=False).digest()
        return hmac.compare_digest(_phpass_text(digest), parts[3])


def _phpass_text(digest: bytes) -> str:
    """Write 16 bytes as phpass does: three bytes, little-endian, make four characters, lowest bits first."""
    text = ""
    for start in range(0, len(digest), 3):
        group = digest[start : start + 3]
        number = int.from_bytes(group, "little")
        text += "".join(_PHPASS_ALPHABET[number >> shift & 63] for shift in range(0, 6 * len(group) + 6, 6))
    return text
