"""The records of the support desk: what customers ask for in writing, and what one agent has proposed to another.

What lives here: frozen values as they are stored.  They end by themselves: each has an ``expires_at``, after which
`purge` deletes it (DP-01).
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from attrs import field, frozen

from customer_accounts.permissions import AgentTask


class RequestState(StrEnum):
    """Where a customer's written request stands."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


@frozen(kw_only=True)
class ConversionRequestRecord:
    """What somebody wrote in the contact form: make my guest orders an account.

    Args:
        id: made from the browser and the client's id, so that a repeat finds it.
        email: the address as typed; nobody has proven it.
        message: what was written; it goes into no mail.
        agent: who has taken it, by the agent's id, or empty.
        note: the last question or the reason of the refusal, by its name.
        expires_at: when it is deleted, UTC; later while it is worked on, sooner once it is closed.
    """

    id: UUID
    email: str = field(repr=False)
    email_key: str = field(repr=False)
    name: str = field(default="", repr=False)
    order_number: str = field(default="", repr=False)
    message: str = field(default="", repr=False)
    locale: str = "en"
    storefront: str = "default"
    state: RequestState = RequestState.OPEN
    agent: str = ""
    note: str = ""
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    version: int = 1


@frozen(kw_only=True)
class ProposalRecord:
    """What one agent wants to do and a second one must agree to.

    Args:
        id: the id of the command; the second agent gives the same command with it.
        command: the command's name.
        fields: the command as JSON; whoever approves sees it whole, and it must be the same.
        proposed_by: the id of the first agent.
        reason: why, as the first agent wrote it.
    """

    id: UUID
    task: AgentTask
    command: str
    fields: str = field(repr=False)
    proposed_by: str
    reason: str
    created_at: datetime
    expires_at: datetime
    version: int = 1
