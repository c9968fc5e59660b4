"""Which parts each mail has, in which order: data, read by `letter`.

Rules: a mail first says why it comes, then offers at most one button, then says what to do if it was not
meant.  A step names a piece of the purpose's texts; *when* names the flag of `Matter` without which the
step is left out.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from attrs import frozen

from customer_accounts.outbox import MailPurpose as Mail


class Kind(StrEnum):
    """What a step becomes."""

    SAY = "paragraph"
    NOTE = "small print"
    PRESS = "button"
    VISIT = "link"
    SHOW_CODE = "code"
    LIST = "list"


@frozen
class Step:
    """One part of a mail.

    Args:
        piece: name of its text.
        source: name of the link or list in `Matter`.
        when: flag that it depends on, or empty.
    """

    kind: Kind
    piece: str
    source: str = ""
    when: str = ""


def _say(piece: str, when: str = "") -> Step:
    return Step(Kind.SAY, piece, "", when)


def _note(piece: str, when: str = "") -> Step:
    return Step(Kind.NOTE, piece, "", when)


def _press(source: str, when: str = "") -> Step:
    return Step(Kind.PRESS, "button", source, when or source)


def _visit(piece: str, source: str, when: str = "") -> Step:
    return Step(Kind.VISIT, piece, source, when or source)


def _list(source: str) -> Step:
    return Step(Kind.LIST, f"{source}_link", source, source)


_WHY, _LIFETIME, _NOT_YOU = _say("why"), _note("lifetime"), _say("not_you")
_ORDER_PAGE = (_press("link"), _visit("account", "account", "owned"))

PLANS: Mapping[Mail, tuple[Step, ...]] = MappingProxyType(
    {
        Mail.CONFIRM_REGISTRATION: (
            _WHY,
            _press("link"),
            _LIFETIME,
            _say("code", "code"),
            Step(Kind.SHOW_CODE, "", "", "code"),
            _note("code_note", "code"),
            _NOT_YOU,
        ),
        Mail.ALREADY_REGISTERED: (
            _WHY,
            _press("sign_in"),
            _say("forgotten"),
            _visit("forgotten_link", "forgotten"),
            _NOT_YOU,
        ),
        Mail.ACCOUNT_OPENED: (_WHY, _say("claimed"), _say("benefits"), _press("account"), _NOT_YOU),
        Mail.RESET_PASSWORD: (_WHY, _press("link"), _LIFETIME, _NOT_YOU),
        Mail.NO_ACCOUNT: (_WHY, _say("other"), _press("register"), _NOT_YOU),
        Mail.PASSWORD_CHANGED: (
            _WHY,
            _say("identities", "identities"),
            _list("identities"),
            _say("approve", "link"),
            _press("link"),
            _note("lifetime", "link"),
            _NOT_YOU,
            _visit("forgotten_link", "forgotten"),
        ),
        Mail.CONFIRM_EMAIL_CHANGE: (_WHY, _press("link"), _LIFETIME, _NOT_YOU),
        Mail.EMAIL_CHANGE_REQUESTED: (_WHY, _say("until"), _NOT_YOU, _press("link"), _LIFETIME),
        Mail.EMAIL_CHANGED: (_WHY, _NOT_YOU, _press("link"), _note("lifetime", "link")),
        Mail.IDENTITY_LINKED: (_WHY, _say("meaning"), _NOT_YOU, _visit("account", "account")),
        Mail.IDENTITY_UNLINKED: (_WHY, _say("meaning"), _NOT_YOU, _visit("account", "account")),
        Mail.ACCOUNT_CLOSED: (_WHY, _say("meaning"), _NOT_YOU),
        Mail.SET_PASSWORD: (_WHY, _press("link"), _LIFETIME, _say("privacy"), _NOT_YOU),
        Mail.CONFIRM_MERGE: (_WHY, _say("where"), _press("link"), _LIFETIME, _NOT_YOU),
        Mail.ACCOUNTS_MERGED: (_WHY, _say("meaning"), _NOT_YOU, _press("link"), _note("lifetime", "link")),
        Mail.MERGE_UNDONE: (_WHY, _say("meaning"), _NOT_YOU),
        Mail.REQUEST_QUESTION: (_WHY, _say("question"), _say("reply"), _NOT_YOU),
        Mail.REQUEST_REFUSED: (_WHY, _say("reason"), _say("other"), _press("register"), _NOT_YOU),
        Mail.CONFIRM_NEWSLETTER: (_WHY, _press("link"), _LIFETIME, _NOT_YOU),
        Mail.NEWSLETTER_WELCOME: (_WHY, _say("leave"), _visit("unsubscribe", "unsubscribe"), _NOT_YOU),
        Mail.ORDER_RECEIVED: (_WHY, _say("contents"), _say("next"), *_ORDER_PAGE, _NOT_YOU),
        Mail.ORDER_STATUS: (_WHY, _say("status"), *_ORDER_PAGE, _NOT_YOU),
        Mail.TRACKING: (
            _WHY,
            _say("corrected", "corrected"),
            _say("parcels"),
            _list("parcels"),
            *_ORDER_PAGE,
            _say("delay", "parcels"),
            _say("open_account", "guest"),
            _visit("register", "register", "guest"),
            _NOT_YOU,
        ),
        Mail.VAT_CORRECTED: (
            _WHY,
            _say("refund"),
            _say("invoice"),
            _visit("account", "account", "owned"),
            _NOT_YOU,
        ),
        Mail.GUEST_ORDERS_CLAIMED: (
            _WHY,
            _visit("account", "account"),
            _NOT_YOU,
            _press("link"),
            _note("lifetime", "link"),
        ),
        Mail.CLAIM_UNDONE: (_WHY, _say("meaning"), _NOT_YOU, _visit("account", "account")),
    }
)
