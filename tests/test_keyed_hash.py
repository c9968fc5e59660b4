"""The keyed hash: HMAC-SHA256 as the standard library makes it, whichever secret was used before."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.keyed_hash import keyed_hash


@given(st.lists(st.tuples(st.sampled_from([b"", b"s" * 32, b"o" * 32, b"l" * 100]), st.text()), max_size=6))
def test_is_the_hmac_of_the_standard_library(asked: list[tuple[bytes, str]]) -> None:
    """TK-02: no answer depends on what was asked before; links of earlier releases stay what they are."""
    for secret, text in asked:
        assert keyed_hash(secret, text) == hmac.digest(secret, text.encode(), "sha256")
