"""HMAC-SHA256 under a secret of the settings: what the texts of links and the digests of addresses are made by."""

import hmac
from functools import lru_cache


def keyed_hash(secret: bytes, text: str) -> bytes:
    """Give the 32 bytes of HMAC-SHA256 of a text (RFC 2104)."""
    made = _begun(secret).copy()
    made.update(text.encode())
    return made.digest()


# OpenSSL looks its algorithm up for each new key, which takes longer than all the rest.
@lru_cache(maxsize=16)
def _begun(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")
