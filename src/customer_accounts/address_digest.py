"""The keyed digest of an address: what was mailed or noted is found by an address that it does not hold.

Rows of the outbox and of the audit trail show a masked address only (RL-07, LG-02).  Beside it they keep HMAC-SHA256
of the address key under the shop's secret: whoever knows the address and the secret finds them, and whoever has the
rows alone can neither read an address off them nor try addresses out.  A digest ends with the row that it is in.

Every secret of the settings is tried, so that a new secret hides nothing (`Settings.old_secrets`).
"""

from functools import lru_cache

from customer_accounts.email_address import EmailAddress, EmailAddressError
from customer_accounts.keyed_hash import keyed_hash
from customer_accounts.settings import Settings


# A mail and its entry in the trail have the same one.
@lru_cache(maxsize=256)
def address_digest(secret: bytes, email: str) -> str | None:
    """Give the digest of an address in any spelling, 128 bits as hex; None for a text that is no address."""
    try:
        key = EmailAddress.parse(email).key
    except EmailAddressError:
        return None
    return keyed_digest(secret, "address", key)


def address_digests(settings: Settings, email: str) -> tuple[str, ...]:
    """Give all digests that an address may have been kept under, the present secret's first."""
    secrets = (settings.secret, *settings.old_secrets.values())
    return tuple(found for one in secrets if (found := address_digest(one, email)) is not None)


def keyed_digest(secret: bytes, kind: str, text: str) -> str:
    """Give what stands for a text where the text itself must not stand; of another *kind* it is another one."""
    return keyed_hash(secret, f"{kind}\x00{text}").hex()[:32]
