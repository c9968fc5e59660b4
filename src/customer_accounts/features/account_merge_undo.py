"""A merge of two accounts is taken back: "this was not me", or support (issue of a merge: the way out).

* The link in the mail to the absorbed account's mailbox undoes it, and so does an agent by both addresses with a
  reason, until `Settings.merge_undo_within` has passed.  Where nothing was changed meanwhile, everything is as before
  the merge, but for what had to end: sessions and links of the absorbed account.
* The three-way rule where something was changed: what the customer changed since stays changed.  A moved
  address or list goes back as it is now; one that was deleted stays deleted; a list's former name comes back
  only if nobody gave it another; what the surviving account got goes only if it still is what it got.
* Orders go back by the merge's mark, and each claim goes back with its orders.  What was ordered since belongs to
  the account that ordered it.
* The absorbed account opens again under its address.  Where that address has found another account meanwhile:
  ADDRESS_TAKEN.
* Both owners are told (MERGE_UNDONE).  An agent's repeat is told that it is done, and changes nothing.

Refusals: LINK_INVALID, LINK_EXPIRED, ALREADY_DONE, NOT_FOUND, ADDRESS_TAKEN, EVIDENCE_NEEDED, PERMISSION_MISSING.
Mails: MERGE_UNDONE.
"""

from typing import ClassVar
from uuid import UUID

from attrs import evolve, frozen
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord
from customer_accounts.actors import Agent, Visitor, network_of
from customer_accounts.changes import (
    Change,
    Remove,
    UseToken,
)
from customer_accounts.command import Command, Decision, Env, Refusal, name_of, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.account_links import digest_of
from customer_accounts.features.four_eyes import not_permitted
from customer_accounts.features.live_links import live_token
from customer_accounts.features.merge_undo_changes import accounts_back, claims_back
from customer_accounts.features.typed_email import email_key_of
from customer_accounts.inputs import Line, OptionalToken, TypedEmail
from customer_accounts.issue import mail_to_account, masked, record_event
from customer_accounts.limiting import Hit, Limit, hits
from customer_accounts.merge import MergeRecord
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings
from customer_accounts.token import Purpose

_PARTS = frozenset(
    {
        *(Part.ACCOUNTS, Part.TOKENS, Part.IDENTITIES, Part.ADDRESSES, Part.WISH_LISTS),
        *(Part.SUBSCRIPTIONS, Part.CLAIMS, Part.MERGES),
    }
)


@frozen
class MergeUndone:
    """Two accounts that are two again.

    Args:
        orders: how many orders went back.
    """

    merge_id: UUID
    surviving_id: UUID
    absorbed_id: UUID
    orders: int


class UndoMerge(Command):
    """Take a merge back, by the link in the absorbed account's mailbox or as an agent by both addresses."""

    actors: ClassVar = (Visitor, Agent)

    token: OptionalToken = None
    surviving: TypedEmail = ""
    absorbed: TypedEmail = ""
    reason: Line = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        by_address = bool(self.surviving.strip()) and bool(self.absorbed.strip())
        if (self.token is None) != by_address or (
            self.token is not None and (self.surviving or self.absorbed)
        ):
            return PydanticCustomError("token_or_addresses", "give the token or both addresses")
        return None

    def limits(self, actor: Visitor | Agent, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return hits((Limit.LINK_NETWORK, network_of(actor.ip))) if isinstance(actor, Visitor) else ()

    def scope(self, actor: Visitor | Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        if self.token is not None:
            return Scope(parts=_PARTS, token=digest_of(self.token))
        return Scope(parts=_PARTS, email_keys=(email_key_of(self.surviving), email_key_of(self.absorbed)))

    def decide(self, facts: Facts, env: Env, actor: Visitor | Agent, /) -> Decision[MergeUndone] | Refusal:
        """See `Command.decide`."""
        done = self._done(facts, env, actor)
        if done is not None:
            return Decision(done)
        merge = self._merge(facts, env, actor)
        if isinstance(merge, Refusal):
            return merge
        surviving = facts.account(merge.surviving)
        if surviving is None:
            return refuse(Reason.LINK_INVALID)
        if facts.account_at(merge.absorbed.email_key or "") is not None:
            return refuse(Reason.ADDRESS_TAKEN)
        changes = [
            *([] if self.token is None else [UseToken(digest_of(self.token), env.now)]),
            *(
                Remove(one)
                for one in facts.tokens
                if one.claim_id == merge.id and not self._is_own(one.digest)
            ),
            *accounts_back(merge, surviving, facts),
            *claims_back(merge, facts, env, name_of(actor), self.reason),
            *_told(merge, surviving, env, actor, self.reason),
        ]
        result = MergeUndone(merge.id, surviving.id, merge.absorbed.id, 0)
        return Decision(
            result, changes, counted=lambda counts: evolve(result, orders=counts.moved.get(merge.id, 0))
        )

    def _done(self, facts: Facts, env: Env, actor: Visitor | Agent) -> MergeUndone | None:
        """Give the answer to an agent's repeat, once both accounts are there again (RL-08)."""
        if self.token is not None or not isinstance(actor, Agent):
            return None
        if not_permitted(AgentTask.MERGE_ACCOUNTS, env, actor) is not None:
            return None
        own, other = (facts.account_at(email_key_of(one)) for one in (self.surviving, self.absorbed))
        if own is None or other is None:
            return None
        undone = [
            one
            for one in facts.claims
            if one.undone_at is not None and (one.account_id, one.from_account) == (own.id, other.id)
        ]
        return MergeUndone(undone[-1].id, own.id, other.id, 0) if undone else None

    def _is_own(self, digest: str) -> bool:
        return self.token is not None and digest_of(self.token) == digest

    def _merge(self, facts: Facts, env: Env, actor: Visitor | Agent) -> MergeRecord | Refusal:
        if self.token is not None:
            token = live_token(facts, self.token, env, Purpose.UNDO_MERGE)
            if isinstance(token, Refusal):
                return token
            found = next((one for one in facts.merges if one.id == token.claim_id), None)
            return found or refuse(Reason.LINK_INVALID)
        if not isinstance(actor, Agent):
            return refuse(Reason.NOT_FOUND, about="token")
        refusal = not_permitted(AgentTask.MERGE_ACCOUNTS, env, actor)
        if refusal is not None:
            return refusal
        if not self.reason.strip():
            return refuse(Reason.EVIDENCE_NEEDED, about="reason")
        key, surviving = email_key_of(self.absorbed), facts.account_at(email_key_of(self.surviving))
        found = next(
            (
                one
                for one in facts.merges
                if surviving is not None
                and (one.surviving, one.absorbed.email_key) == (surviving.id, key)
                and env.now <= one.undo_until
            ),
            None,
        )
        return found or refuse(Reason.NOT_FOUND, about="absorbed")


def _told(
    merge: MergeRecord, surviving: AccountRecord, env: Env, actor: Visitor | Agent, reason: str
) -> list[Change]:
    purpose, absorbed = MailPurpose.MERGE_UNDONE, merge.absorbed
    return [
        mail_to_account(env, purpose, surviving, new_address=masked(absorbed.email)),
        mail_to_account(env, purpose, absorbed, new_address=masked(surviving.email)),
        record_event(
            env, actor, EventKind.MERGE_UNDONE, email=surviving.email, account_id=surviving.id,
            detail=f"{merge.id} {reason}".rstrip(),
        ),
        record_event(
            env, actor, EventKind.ACCOUNT_OPENED, email=absorbed.email, account_id=absorbed.id,
            detail=f"merge undone: {merge.id}",
        ),
    ]  # fmt: skip
