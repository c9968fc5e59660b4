"""The keyed digest of an address: the same for each spelling, another one for each address and each secret."""

from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.address_digest import address_digest, address_digests, keyed_digest
from customer_accounts.testing import cheap_settings

SECRET, OTHER = b"s" * 32, b"o" * 32


def test_is_the_same_for_each_spelling() -> None:
    """EM-02: the digest is that of the key."""
    spellings = ("Anna@Bücher.example", "anna@xn--bcher-kva.example", " ANNA@BÜCHER.example ")
    (digest,) = {address_digest(SECRET, one) for one in spellings}
    assert digest is not None
    assert len(digest) == 32


def test_wants_the_secret() -> None:
    """RL-07: another secret, another digest; the address is not in it."""
    digest = address_digest(SECRET, "anna@mail.example")
    assert digest not in (
        address_digest(OTHER, "anna@mail.example"),
        address_digest(SECRET, "anne@mail.example"),
    )
    assert "anna" not in str(digest)


@given(st.text())
def test_a_text_that_is_no_address_has_none(text: str) -> None:
    """Whatever a storage holds in place of an address, nothing fails."""
    assert address_digest(SECRET, f"{text}@") is None


def test_every_secret_is_tried() -> None:
    """The present secret's digest first, then those of earlier ones."""
    settings = cheap_settings(secret=SECRET, old_secrets={"1": OTHER})
    expected = tuple(address_digest(one, "anna@mail.example") for one in (SECRET, OTHER))
    assert address_digests(settings, "anna@mail.example") == expected
    assert address_digests(settings, "") == ()


def test_kinds_are_apart() -> None:
    """An order that is named like an address has another digest."""
    assert keyed_digest(SECRET, "order", "1") != keyed_digest(SECRET, "vat_number", "1")
    assert keyed_digest(SECRET, "address", "anna@mail.example") == address_digest(SECRET, "anna@mail.example")
