"""The records of an account and of the registration that precedes it.

What lives here: frozen values as they are stored, and the small questions one can ask of them.
No rule about who may change them: that is for the features.

An account begins when a mailbox is proven (see `features.email_confirmation`); until then there is only a
`RegistrationRecord`, which can neither sign in nor read anything.  ``email_key`` is unique among open
accounts; a closed account has none, so that its address is free again.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from customer_accounts.actors import SignedInCustomer
from customer_accounts.vat import VatStatus


class AccountStatus(StrEnum):
    """Whether an account can be used."""

    OPEN = "open"
    CLOSED = "closed"


@frozen
class Consent:
    """When, where and to which wording somebody agreed (GDPR Art. 7(1)).

    Args:
        text_version: name of the wording that was shown, given by the host.
        at: time of the agreement, UTC.
        source: where it was given, such as ``registration`` or ``account``.
    """

    text_version: str
    at: datetime
    source: str


@frozen
class Session:
    """What a host keeps of a sign-in: it builds `SignedInCustomer` from it at every request."""

    account_id: UUID
    session_epoch: int
    authenticated_at: datetime

    def customer(
        self,
        *,
        session_id: str | None = None,
        ip: str | None = None,
        browser: str | None = None,
        storefront: str = "default",
    ) -> SignedInCustomer:
        """Give the actor of this session; the arguments are those of `SignedInCustomer`."""
        return SignedInCustomer(
            account_id=self.account_id,
            session_epoch=self.session_epoch,
            authenticated_at=self.authenticated_at,
            session_id=session_id,
            ip=ip,
            browser=browser,
            storefront=storefront,
        )


@frozen
class PostalAddress:
    """An address as it was typed; ``country`` is an ISO 3166 code."""

    name: str = field(repr=False)
    street: str = field(repr=False)
    city: str = field(repr=False)
    country: str
    postcode: str = field(default="", repr=False)
    extra: str = field(default="", repr=False)
    region: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@frozen
class Company:
    """A company behind an account, with its VAT number and what is known of that number.

    Args:
        name: the company's name as typed.
        vat_as_typed: the number as typed, kept even when it cannot be read.
        vat_number: its compact form, or None if it cannot be read.
        vat_status: what the register said last; never VALID without an answer of the register.
        vat_problem: why the number cannot be read, or None.
        vat_code: the register's code of the last answer, such as ``MS_UNAVAILABLE``.
        vat_checked_at: time of the last answer, UTC.
        vat_consultation_number: the register's proof of the consultation, if it gave one.
        vat_evidence_id: the evidence of that answer, or None.
    """

    name: str
    vat_as_typed: str = ""
    vat_number: str | None = None
    vat_status: VatStatus = VatStatus.NOT_GIVEN
    vat_problem: str | None = None
    vat_code: str | None = None
    vat_checked_at: datetime | None = None
    vat_consultation_number: str | None = None
    vat_evidence_id: UUID | None = None


@frozen(kw_only=True)
class AccountRecord:
    """A customer's account.

    Args:
        email: the address as proven, in the customer's spelling; mail goes here.
        email_key: the comparing form of ``email``; None once the account is closed.
        email_verified_at: when this very address was proven, UTC; it never outlives a change of address.
        password_hash: a PHC string, or None for an account without a password (HS-06).
        session_epoch: sessions begun under another number have ended (SE-01).
        default_address: the one default delivery address, if any.
        default_wish_list: the list that ``AddToWishList(list_id=None)`` writes to, once it exists.
    """

    id: UUID
    email: str
    email_key: str | None
    email_verified_at: datetime | None
    created_at: datetime
    version: int = 1
    status: AccountStatus = AccountStatus.OPEN
    name: str = ""
    locale: str = "en"
    storefront: str = "default"
    password_hash: str | None = field(default=None, repr=False)
    password_generated: bool = False
    must_change_password: bool = False
    password_changed_at: datetime | None = None
    session_epoch: int = 1
    company: Company | None = None
    default_address: UUID | None = None
    default_wish_list: UUID | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the account can be used."""
        return self.status is AccountStatus.OPEN


@frozen(kw_only=True)
class IdentityRecord:
    """A sign-in at an identity provider, linked to one account; the key is (provider, subject), never the e-mail.

    Args:
        approved: False while a link made shortly before a password reset waits for its owner's approval (PH3).
    """

    provider: str
    subject: str
    account_id: UUID
    linked_at: datetime
    version: int = 1
    approved: bool = True


@frozen(kw_only=True)
class RegistrationRecord:
    """A pending registration: what somebody asked for before the mailbox was proven.

    Its password is armed only for whoever proves the mailbox in the registering browser, or knows that password.
    Several may exist for one address; the first proof deletes the others.

    Args:
        browser: digest of the browser secret that began it.
        generate_password: the customer let the system make the password at the proof.
        consent: the newsletter wish, which becomes a subscription only with the proof.
        code_tries: how often a short code was tried, over all requests (TK-09).
        confirmed_at: when it became an account; kept, emptied, so that its browser can be told.
    """

    id: UUID
    email: str
    email_key: str
    browser: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    version: int = 1
    password_hash: str | None = field(default=None, repr=False)
    generate_password: bool = False
    name: str = ""
    locale: str = "en"
    storefront: str = "default"
    continue_to: str = ""
    consent: Consent | None = None
    company: Company | None = None
    address: PostalAddress | None = None
    identity_provider: str | None = None
    identity_subject: str | None = None
    code_tries: int = 0
    confirmed_at: datetime | None = None
