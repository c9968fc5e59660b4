"""Passwords that the system makes for a customer who asks for one.

Sixteen lower-case consonants in four groups, ``kdfw-rtmb-zxpl-hnsv``: 69 bits, easy to read out and to type
on a phone. Without vowels no word appears by chance.  The hyphens are part of the password: what is shown
is what is stored (GEN-01). The random bytes come from the caller, in production from `secrets.token_bytes`.

Source: OWASP ASVS 5.0 6.4.1 and 6.5.3 (at least 64 bits from a secure generator).
"""

from collections.abc import Callable, Iterator

from customer_accounts.password_policy import STRICT

CONSONANTS = "bcdfghjklmnpqrstvwxz"  # without y, which is a vowel in many words
_GROUPS, _GROUP_SIZE = 4, 4
# The largest multiple of 20 in a byte: a higher byte would make the first letters likelier and is thrown
# away.
_UNBIASED = 256 - 256 % len(CONSONANTS)
_BYTES = 20  # sixteen letters need 17 bytes on average
# A sound source is refused once in many billions of draws; so many refusals in a row mean that it is broken.
_DRAWS = 100


def generate_password(random_bytes: Callable[[int], bytes]) -> str:
    """Return a new password that every policy accepts.

    Args:
        random_bytes: returns as many bytes as asked for, from a secure generator.

    Raises:
        RuntimeError: the source gives no usable randomness, such as the same byte again and again.
    """
    letters = _letters(random_bytes)
    for _ in range(_DRAWS):
        groups = ("".join(next(letters) for _ in range(_GROUP_SIZE)) for _ in range(_GROUPS))
        password = "-".join(groups)
        if STRICT.problem(password) is None:
            return password
    raise RuntimeError("the source of random bytes is broken")


def _letters(random_bytes: Callable[[int], bytes]) -> Iterator[str]:
    for _ in range(_DRAWS):
        yield from (CONSONANTS[byte % len(CONSONANTS)] for byte in random_bytes(_BYTES) if byte < _UNBIASED)
    raise RuntimeError("the source of random bytes is broken")
