"""All settings of a shop as frozen data; every number says why it is what it is.

Two profiles exist: `Settings(...)` is the ``shop`` profile, `Settings.strict(...)` the ``strict`` one (OWASP ASVS 5.0:
passwords of at least 15 characters as the only factor, a generated password must be changed).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from customer_accounts.arguments import check_kinds, over_defaults
from customer_accounts.claim import COVERAGE, Coverage, Grade
from customer_accounts.errors import SettingsError
from customer_accounts.hashing import OWASP_MINIMUM, Argon2Parameters
from customer_accounts.limiting import ALLOWANCES, Allowance, Limit
from customer_accounts.password_policy import SHOP, STRICT, PasswordPolicy
from customer_accounts.permissions import FOUR_EYES, PERMISSIONS, AgentTask
from customer_accounts.storefront import LINK_OF, LINKS, Storefront
from customer_accounts.token import Purpose
from customer_accounts.vat import Seller

# A storefront is a setting, too.
__all__ = ["LIFETIMES", "LINKS", "LINK_OF", "Settings", "Storefront"]

#: How long a link of each purpose works.
LIFETIMES: Mapping[Purpose, timedelta] = MappingProxyType(
    {
        # People confirm on the evening after; longer than ASVS 6.5.5 asks, stated in the docs (DOC-02).
        Purpose.CONFIRM_REGISTRATION: timedelta(days=2),
        # The holder can take the account over: short (OWASP Forgot Password).
        Purpose.RESET_PASSWORD: timedelta(hours=1),
        # An answer to a letter to the shop is read within the week.
        Purpose.SET_PASSWORD: timedelta(days=7),
        Purpose.CONFIRM_EMAIL_CHANGE: timedelta(hours=24),
        # "This was not me" outlives the change itself, so that a holiday does not cost the account.
        Purpose.CANCEL_EMAIL_CHANGE: timedelta(days=14),
        Purpose.APPROVE_IDENTITIES: timedelta(days=7),
        Purpose.CONFIRM_NEWSLETTER: timedelta(days=7),
        # Old newsletters are opened years later, and their way out must still work (RFC 8058).
        Purpose.UNSUBSCRIBE: timedelta(days=3650),
        Purpose.VIEW_ORDER: timedelta(days=180),
        Purpose.CONFIRM_MERGE: timedelta(hours=24),
        # The link itself lasts as long as `merge_undo_within`.
        Purpose.UNDO_MERGE: timedelta(days=14),
        # As long as a change of address can be undone: a holiday must not cost the orders.
        Purpose.UNDO_CLAIM: timedelta(days=14),
    }
)


def _secret_bytes(value: str | bytes) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if not isinstance(value, bytes):
        raise SettingsError("secret must be str or bytes")
    return value


def _limits(given: Mapping[Limit, Allowance]) -> Mapping[Limit, Allowance]:
    return over_defaults("limits", given, ALLOWANCES, Allowance)


def _lifetimes(given: Mapping[Purpose, timedelta]) -> Mapping[Purpose, timedelta]:
    return over_defaults("lifetimes", given, LIFETIMES, timedelta)


def _permissions(given: Mapping[AgentTask, str]) -> Mapping[AgentTask, str]:
    return over_defaults("agent_permissions", given, PERMISSIONS, str)


def _tasks(given: AbstractSet[AgentTask]) -> AbstractSet[AgentTask]:
    if not isinstance(given, AbstractSet) or not all(isinstance(one, AgentTask) for one in given):
        raise SettingsError("four_eyes must be a set of AgentTask")
    return frozenset(given)


def _coverage(given: Mapping[Grade, Coverage]) -> Mapping[Grade, Coverage]:
    return over_defaults("claim_coverage", given, COVERAGE, Coverage)


def _all_bytes(secrets: Mapping[str, str | bytes]) -> Mapping[str, bytes]:
    if not isinstance(secrets, Mapping) or not all(isinstance(one, str | bytes) for one in secrets.values()):
        raise SettingsError("old_secrets must be a mapping of names to secrets")
    return MappingProxyType({name: _secret_bytes(one) for name, one in secrets.items()})


def _all_storefronts(_: object, __: object, given: Mapping[str, "Storefront"]) -> None:
    if not isinstance(given, Mapping) or not all(isinstance(one, Storefront) for one in given.values()):
        raise SettingsError("storefronts must be a mapping of keys to Storefront")


@frozen(kw_only=True)
class Settings:
    """Everything a shop decides; only *secret* and *storefront* must be given.

    Args:
        secret: at least 32 characters that only the shop knows; links and the digests of addresses are computed
            from it.
        secret_id: name of *secret*; give a new one with every new secret.
        old_secrets: earlier secrets by name, kept until no mail made under them waits; for `Lookup` as long as
            mails and events of their time are kept.
        seller: where the shop is taxed.
        storefront: the window that is used where no key is given; further ones in *storefronts* by key.
        password_policy: what passwords must satisfy.
        must_change_generated: whether a generated password must be changed at the next sign-in (GEN-03).
        hashing: the named argon2id parameters (HS-01).
        allow_cheap_hashing: accept parameters below the OWASP minimum; for tests only.
        limits, lifetimes: what differs from `ALLOWANCES` and `LIFETIMES`.
        registration_lifetime: how long a pending registration waits (PH-09).
        registrations_per_address: how many may wait at once for one address (PH-09).
        registrations_per_browser: how many one browser may have begun (a shop's own terminal serves many customers).
        code_lifetime: how long the short code of a mail works (TK-09).
        code_tries: how often a code may be tried over all requests (TK-09).
        session_fresh_for: for how long after signing in one counts as just having done so.
        identity_quarantine: identities linked within this time before a reset need approval (PH-03).
        claim_coverage: what differs from `COVERAGE`: which guest orders each grade of proof covers.
        claim_automatically: guest orders under a proven address of an account join it as they are placed.
        claim_undo_within: for how long a claim can be undone.
        acknowledge_orders: whether `RecordOrder` also queues the acknowledgement (Directive 2011/83 Art. 8(7)).
        mail_attempts: after so many failures a mail is dead and listed.
        vat_recheck_after: answers of the VAT register older than this are asked again.
        agent_permissions: what differs from `PERMISSIONS`: the entry of `Agent.may` that a task wants.
        four_eyes: tasks that a second agent must agree to.
        proposal_lifetime: how long a proposal waits for the second agent.
        requests_kept: how long a customer's written request is kept after its last change (DP-01).
        requests_per_address: how many may wait at once for one address.
        late_valid_within: a yes of the register counts for a day of supply at most this much earlier; it knows only
            today, and a weekend's outage is no reason to charge a business.
        vat_evidence_kept: retention of evidence and of the VAT of orders, from the end of the year (Art. 369k).
        merge_undo_within: how long a merge of two accounts can be undone; what it moved is kept as long.
        claims_kept: how long who claimed orders, on which evidence and why, is kept; whose an order is stays.
        events_kept, mails_kept: retention of the audit trail and of finished mail rows (DP-01).

    Raises:
        SettingsError: an unsafe value.
        TypeError: a value of another kind.
    """

    secret: bytes = field(converter=_secret_bytes, repr=False)
    storefront: Storefront
    seller: Seller = field(factory=lambda: Seller("AT"))
    storefronts: Mapping[str, Storefront] = field(factory=dict, validator=_all_storefronts)
    secret_id: str = "1"
    old_secrets: Mapping[str, bytes] = field(factory=dict, converter=_all_bytes, repr=False)
    password_policy: PasswordPolicy = SHOP
    must_change_generated: bool = False
    hashing: Argon2Parameters = OWASP_MINIMUM
    allow_cheap_hashing: bool = False
    limits: Mapping[Limit, Allowance] = field(factory=dict, converter=_limits)
    lifetimes: Mapping[Purpose, timedelta] = field(factory=dict, converter=_lifetimes)
    registration_lifetime: timedelta = timedelta(days=7)
    registrations_per_address: int = 5
    registrations_per_browser: int = 50
    code_lifetime: timedelta = timedelta(minutes=10)
    code_tries: int = 5
    session_fresh_for: timedelta = timedelta(minutes=15)
    identity_quarantine: timedelta = timedelta(days=30)
    claim_coverage: Mapping[Grade, Coverage] = field(factory=dict, converter=_coverage)
    claim_automatically: bool = False
    claim_undo_within: timedelta = timedelta(days=14)
    acknowledge_orders: bool = False
    mail_attempts: int = 10
    vat_recheck_after: timedelta = timedelta(days=30)
    agent_permissions: Mapping[AgentTask, str] = field(factory=dict, converter=_permissions)
    four_eyes: AbstractSet[AgentTask] = field(default=FOUR_EYES, converter=_tasks)
    # A weekend and a day off.
    proposal_lifetime: timedelta = timedelta(days=7)
    # Long enough to go back to it once, short enough for what nobody has proven.
    requests_kept: timedelta = timedelta(days=90)
    requests_per_address: int = 3
    late_valid_within: timedelta = timedelta(days=5)
    vat_evidence_kept: timedelta = timedelta(days=3653)
    # As long as a change of address can be undone: a holiday must not cost the account.
    merge_undo_within: timedelta = timedelta(days=14)
    # Who should have had an order is disputed within three years (§ 195 BGB, § 1489 ABGB).
    claims_kept: timedelta = timedelta(days=1096)
    events_kept: timedelta = timedelta(days=365)
    mails_kept: timedelta = timedelta(days=30)
    addresses_per_account: int = 50
    wish_lists_per_account: int = 50
    items_per_wish_list: int = 500

    def __attrs_post_init__(self) -> None:
        """Refuse secrets that can be guessed, and what is no setting at all."""
        check_kinds(self)
        if len(self.secret) < 32:
            raise SettingsError("secret must have at least 32 characters")
        if any(len(one) < 32 for one in self.old_secrets.values()):
            raise SettingsError("old_secrets must have at least 32 characters each")

    @classmethod
    def strict(cls, *, secret: str | bytes, storefront: Storefront, seller: Seller | None = None) -> Self:
        """Give the strict profile: passwords from 15 characters, a generated one must be changed (ASVS 6.4.1)."""
        return cls(
            secret=secret,
            storefront=storefront,
            seller=seller or Seller("AT"),
            password_policy=STRICT,
            must_change_generated=True,
        )

    def storefront_at(self, key: str) -> Storefront | None:
        """Give the storefront with this key, or None."""
        return self.storefront if key == "default" else self.storefronts.get(key)

    def secret_named(self, key_id: str) -> bytes | None:
        """Give the secret that made a link, or None if it is kept no longer."""
        if key_id == self.secret_id:
            return self.secret
        return self.old_secrets.get(key_id)
