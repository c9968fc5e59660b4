"""A mail came back: the mail provider says so, and the mail's row keeps it (F17).

* `RecordBounce` names one of our mails by its Message-ID, which is made from the mail's id, or by that id alone.
* A soft bounce may pass by itself; a hard one is final.  A hard one takes the place of a soft one and never the
  other way round.  The same word again changes nothing (RL-08).
* The provider's reason is kept on one line, with the addresses in it masked: the row has none either, once the mail
  is sent (RL-07, LG-03).
* However the mail stands, it stays so.  A bounce stops no order, no registration and no further mail: whoever can
  send bounces to the provider could else lock somebody out.  Support sees it and asks the customer.

Refusals: NOT_FOUND.
Mails: none.
"""

from datetime import UTC
from typing import Annotated, ClassVar
from uuid import UUID

from attrs import frozen

from customer_accounts.actors import System
from customer_accounts.changes import BounceMail
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.inputs import NAMED, Line, Moment, Reference
from customer_accounts.issue import masked_within, record_event
from customer_accounts.outbox import BounceKind, EventKind, one_line
from customer_accounts.refusals import Reason


@frozen
class BounceRecorded:
    """What is known of a mail that came back; ``to`` is masked.

    Args:
        kind: the gravest bounce that was told of it.
    """

    mail_id: UUID
    to: str
    kind: BounceKind


class RecordBounce(Command):
    """Tell that one of our mails came back.

    Args:
        message_id: the Message-ID of the mail, with or without its angle brackets, or the mail's id alone.
        kind: soft, if it may pass by itself, or hard.
        at: when it came back.
        reason: what the provider said, such as the diagnostic code of a delivery status (RFC 3464); one line.
    """

    actors: ClassVar = (System,)

    message_id: Reference
    kind: Annotated[BounceKind, NAMED]
    at: Moment
    reason: Line = ""

    def scope(self, actor: System, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.MAILS}), mail=_mail_id(self.message_id))

    def decide(self, facts: Facts, env: Env, actor: System, /) -> Decision[BounceRecorded] | Refusal:
        """See `Command.decide`."""
        mail = facts.mail(_mail_id(self.message_id))
        if mail is None:
            return refuse(Reason.NOT_FOUND, about="message_id")
        if mail.bounce is not None and mail.bounce in (self.kind, BounceKind.HARD):
            return Decision(BounceRecorded(mail.id, mail.masked_to, mail.bounce))
        reason = one_line(masked_within(self.reason))
        event = record_event(
            env, actor, EventKind.MAIL_BOUNCED, email=mail.masked_to, account_id=mail.account_id,
            detail=f"{mail.id} {self.kind.value}: {reason}", email_digest=mail.to_digest,
        )  # fmt: skip
        noted = BounceMail(mail.id, mail.bounce, self.kind, self.at.astimezone(UTC), reason)
        return Decision(BounceRecorded(mail.id, mail.masked_to, self.kind), [noted, event])


def _mail_id(message_id: str) -> UUID | None:
    """Give the id that our own Message-IDs begin with (see `customer_accounts.mail.message`)."""
    try:
        return UUID(message_id.strip("<> ").partition("@")[0])
    except ValueError:
        return None
