"""Legacy hashes: vectors of the original software, damaged strings, absurd costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.adapters.legacy_hashes import DjangoPbkdf2, Phpass
from customer_accounts.hashing import CHEAPEST, Argon2Hasher, LegacyVerifier, Verification

# Made with Django 5.2.19: PBKDF2PasswordHasher().encode(password, salt, iterations).
DJANGO = [
    ("lètmein", "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="),
    ("correct horse", "pbkdf2_sha256$260000$NaCl$MODmUh+CesXUsNTOwu67/uTzwYjY3SB3oHtQwDVwAaU="),
]
# The first is the vector of phpass itself; the others were made with passlib 1.7.4, passlib.hash.phpass.
PHPASS = [
    ("test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    ("test12345", "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    ("Ångström", "$P$6ohUJ.1sdR4LgGUtNB/o6fnfe8FiSs/"),
    ("", "$P$5abcd./XYfaFdH/GArdfKRTkFTpGAc."),
]
CASES = [(DjangoPbkdf2(), *case) for case in DJANGO] + [(Phpass(), *case) for case in PHPASS]


@pytest.mark.parametrize(("verifier", "password", "stored"), CASES)
def test_vectors_of_the_original_software(verifier: LegacyVerifier, password: str, stored: str) -> None:
    """HS-02: the right password verifies; another one, another case or a damaged hash does not."""
    assert verifier.recognise(stored)
    assert verifier.verify(password, stored)
    assert not verifier.verify(password + " ", stored)
    assert not verifier.verify(password.swapcase() + "x", stored)
    place = len(stored) - 6
    damaged = stored[:place] + ("A" if stored[place] != "A" else "B") + stored[place + 1 :]
    assert verifier.recognise(damaged)
    assert not verifier.verify(password, damaged)


@pytest.mark.parametrize(
    ("verifier", "stored"),
    [
        (DjangoPbkdf2(), DJANGO[0][1].replace("$1000$", "$10000001$")),
        (DjangoPbkdf2(), DJANGO[0][1].replace("$1000$", "$999999999$")),
        (DjangoPbkdf2(), DJANGO[0][1].replace("$1000$", "$0$")),
        (DjangoPbkdf2(), DJANGO[0][1].replace("$1000$", "$1\u066000$")),
        (DjangoPbkdf2(), DJANGO[0][1].replace("seasalt", "")),
        (DjangoPbkdf2(), DJANGO[0][1].replace("seasalt", "sea\ud800")),
        (DjangoPbkdf2(), DJANGO[0][1].replace("sha256", "sha1")),
        (DjangoPbkdf2(), DJANGO[0][1] + "\n"),
        (DjangoPbkdf2(), "!unusable"),
        (Phpass(), "$P$Q" + PHPASS[0][1][4:]),
        (Phpass(), "$P$z" + PHPASS[0][1][4:]),
        (Phpass(), "$P$/" + PHPASS[0][1][4:]),
        (Phpass(), PHPASS[0][1][:-1]),
        (Phpass(), PHPASS[0][1] + "\n"),
        (Phpass(), "$2y$10$" + "a" * 53),
        (Phpass(), ""),
    ],
)
def test_foreign_damaged_and_absurd_strings_are_not_recognised(verifier: LegacyVerifier, stored: str) -> None:
    """HS-02, HS-07: another scheme, a damaged string or a cost that would stop the server is no hash."""
    assert not verifier.recognise(stored)


@pytest.mark.parametrize("verifier", [DjangoPbkdf2(), Phpass()])
@given(stored=st.text())
def test_garbage_is_never_recognised_nor_right(verifier: LegacyVerifier, stored: str) -> None:
    """HS-07: no text that is not a hash verifies, nor raises."""
    assert not verifier.recognise(stored)
    assert not verifier.verify("password", stored)


def test_the_highest_costs_in_use_are_recognised() -> None:
    """HS-02: ten million iterations of Django and 2^18 rounds of phpass are the last that are read."""
    assert DjangoPbkdf2().recognise(DJANGO[0][1].replace("$1000$", "$10000000$"))
    assert Phpass().recognise("$P$G" + PHPASS[0][1][4:])
    assert not Phpass().recognise("$P$H" + PHPASS[0][1][4:])


@pytest.mark.parametrize(("password", "stored"), [DJANGO[0], PHPASS[0]])
def test_the_hasher_replaces_them(password: str, stored: str) -> None:
    """HS-02, HS-03: through the hasher the right password asks for a rehash, the wrong one fails."""
    hasher = Argon2Hasher(CHEAPEST, legacy=[DjangoPbkdf2(), Phpass()], allow_cheap=True)
    assert hasher.verify(password, stored) == Verification(ok=True, needs_rehash=True, recognised=True)
    assert hasher.verify("wrong", stored) == Verification(ok=False, needs_rehash=False, recognised=True)
