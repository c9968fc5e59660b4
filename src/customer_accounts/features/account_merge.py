"""Two accounts of the same person become one, and what that does can be seen before and undone after.

* The customer asks for it signed in to the account that shall go on (`customer_accounts.features.merge_request`).
  The link in the other mailbox works only signed in to the asking account: both are proven, and a stranger to
  whom the mail was forwarded or misaddressed can do nothing with it.
* `PreviewMerge` shows what would move, what both accounts have and which of it counts, and writes nothing;
  `MergeAccounts` does it in one write.  The rules are data: `customer_accounts.features.merge_rules`.
* Staff can do the same for a customer who has lost one of the mailboxes, by both addresses, with a reason and
  with evidence, the permission that the settings name, and two agents where they want them
  (`customer_accounts.features.four_eyes`).
* Both owners are told (ACCOUNTS_MERGED).  The mailbox of the absorbed account gets "this was not me": it
  undoes the merge for `Settings.merge_undo_within` (`customer_accounts.features.account_merge_undo`).
* A merge is one write: whoever signs in, claims or orders meanwhile is before or after it, never in between.
  The same command of an agent again gives the same answer and changes nothing (RL-08); the customer's link
  says that it is done.
* An account that absorbed another one shortly before can itself be absorbed; both merges can still be undone.

Refusals: SAME_ADDRESS, REAUTHENTICATE, LINK_INVALID, LINK_EXPIRED, ALREADY_DONE, NOT_FOUND, PERMISSION_MISSING,
SECOND_AGENT_NEEDED, PROPOSAL_DIFFERS, EVIDENCE_NEEDED.
Mails: ACCOUNTS_MERGED.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4, uuid5

from attrs import evolve, field, frozen
from pydantic import Field
from pydantic_core import PydanticCustomError

from customer_accounts.actors import Agent, SignedInCustomer
from customer_accounts.changes import Change, UseToken
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Scope
from customer_accounts.features.four_eyes import agreed
from customer_accounts.features.merge_changes import merge_changes
from customer_accounts.features.merge_parties import (
    Merging,
    by_address,
    by_link,
    contradiction_of,
    limits_of,
    scope_of,
)
from customer_accounts.features.merge_rules import MergePlan
from customer_accounts.features.revocation import siblings_of
from customer_accounts.inputs import Line, OptionalToken, TypedEmail
from customer_accounts.issue import masked, spent
from customer_accounts.limiting import Hit
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings

_NAMESPACE = UUID("a6a5b0d1-3c1e-4c2e-9b59-9a3a3d9f0c77")


@frozen
class MergePreview:
    """What a merge would do; the addresses are masked.

    Args:
        surviving, absorbed: the two addresses.
        addresses, wish_lists, sign_ins: how many move.
        double_addresses: how many delivery addresses both have.
        renamed_lists: new names of wish lists whose name is taken.
        conflicts: what both have, by the names of the rules, so that only one of them counts.
        kept_vat_number, dropped_vat_number: where both companies have one.
        newsletter_ends: whether the surviving account's newsletter ends, because the stricter wish counts.
    """

    surviving: str
    absorbed: str
    addresses: int
    double_addresses: int
    wish_lists: int
    renamed_lists: tuple[str, ...] = field(repr=False)
    sign_ins: int
    conflicts: tuple[str, ...]
    kept_vat_number: str | None
    dropped_vat_number: str | None
    newsletter_ends: bool


@frozen
class AccountsMerged:
    """Two accounts that are one now.

    Args:
        account_id: the surviving account.
        absorbed_id: the account that ended.
        orders: how many orders came along.
        conflicts: what both had, so that only one of them counts.
        undo_until: until when it can be undone, UTC.
    """

    merge_id: UUID
    account_id: UUID
    absorbed_id: UUID
    orders: int
    conflicts: tuple[str, ...]
    undo_until: datetime


class PreviewMerge(Command):
    """Show what a merge of two accounts would do; nothing is written.

    Args:
        token: of the link in the other mailbox, for the customer.
        surviving, absorbed: the two addresses, for an agent.
    """

    actors: ClassVar = (SignedInCustomer, Agent)

    token: OptionalToken = None
    surviving: TypedEmail = ""
    absorbed: TypedEmail = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        return contradiction_of(self.token, self.surviving, self.absorbed)

    def limits(self, actor: Merging, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return limits_of(actor)

    def scope(self, actor: Merging, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return scope_of(self.token, self.surviving, self.absorbed)

    def decide(self, facts: Facts, env: Env, actor: Merging, /) -> Decision[MergePreview] | Refusal:
        """See `Command.decide`."""
        if isinstance(actor, Agent):
            plan = by_address(self.surviving, self.absorbed, facts, env, actor)
        else:
            linked = by_link(self.token, facts, env, actor)
            plan = linked if isinstance(linked, Refusal) else linked[1]
        return plan if isinstance(plan, Refusal) else Decision(_preview(plan))


def _preview(plan: MergePlan) -> MergePreview:
    return MergePreview(
        surviving=masked(plan.surviving.email),
        absorbed=masked(plan.absorbed.email),
        addresses=len(plan.addresses),
        double_addresses=len(plan.doubles),
        wish_lists=len(plan.lists),
        renamed_lists=tuple(name for one, name in plan.lists if name != one.name),
        sign_ins=len(plan.identities),
        conflicts=plan.conflicts,
        kept_vat_number=plan.kept_vat_number,
        dropped_vat_number=plan.dropped_vat_number,
        newsletter_ends=plan.ends_newsletter,
    )


class MergeAccounts(Command):
    """Merge two accounts of the same person.

    Args:
        id: chosen by the host; a second agent who must agree gives the same.
        token: of the link in the other mailbox, for the customer.
        surviving, absorbed: the two addresses, for an agent.
        reason, evidence: why, and what shows that both belong to one person; needed from an agent.
    """

    actors: ClassVar = (SignedInCustomer, Agent)

    id: UUID = Field(default_factory=uuid4)
    token: OptionalToken = None
    surviving: TypedEmail = ""
    absorbed: TypedEmail = ""
    reason: Line = ""
    evidence: Line = ""

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        return contradiction_of(self.token, self.surviving, self.absorbed)

    def limits(self, actor: Merging, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return limits_of(actor)

    def scope(self, actor: Merging, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return evolve(scope_of(self.token, self.surviving, self.absorbed), case=self.id)

    def decide(self, facts: Facts, env: Env, actor: Merging, /) -> Decision[AccountsMerged] | Refusal:
        """See `Command.decide`."""
        if isinstance(actor, Agent):
            return self._by_agent(facts, env, actor)
        linked = by_link(self.token, facts, env, actor)
        if isinstance(linked, Refusal):
            return linked
        token, plan = linked
        siblings = siblings_of(token, facts)
        used = [
            UseToken(token.digest, env.now, plan.surviving.id),
            *spent(siblings, env, plan.surviving.id),
        ]
        changes = merge_changes(
            plan,
            merge_id := uuid5(_NAMESPACE, token.digest),
            "",
            facts,
            env,
            actor,
            used={token.digest, *(one.digest for one in siblings)},
        )
        return _merged(plan, merge_id, [*used, *changes], env)

    def _by_agent(self, facts: Facts, env: Env, actor: Agent) -> Decision[AccountsMerged] | Refusal:
        merge_id = uuid5(_NAMESPACE, f"{actor.id}:{self.id}")
        done = next((one for one in facts.merges if one.id == merge_id), None)
        if done is not None:
            claim = facts.claim(merge_id)
            orders = 0 if claim is None else claim.orders
            conflicts = tuple(done.conflicts.split())
            return Decision(
                AccountsMerged(done.id, done.surviving, done.absorbed.id, orders, conflicts, done.undo_until)
            )
        plan = by_address(self.surviving, self.absorbed, facts, env, actor)
        if isinstance(plan, Refusal):
            return plan
        for name, text in (("reason", self.reason), ("evidence", self.evidence)):
            if not text.strip():
                return refuse(Reason.EVIDENCE_NEEDED, about=name)
        same = self.model_copy(update={"surviving": plan.surviving.email, "absorbed": plan.absorbed.email})
        together = agreed(same, AgentTask.MERGE_ACCOUNTS, facts, env, actor)
        if isinstance(together, Refusal):
            return together
        why = f"{self.reason}; evidence: {self.evidence}"
        changes = merge_changes(plan, merge_id, why, facts, env, actor)
        return _merged(plan, merge_id, [*together, *changes], env)


def _merged(plan: MergePlan, merge_id: UUID, changes: Sequence[Change], env: Env) -> Decision[AccountsMerged]:
    until = env.now + env.settings.merge_undo_within
    result = AccountsMerged(merge_id, plan.surviving.id, plan.absorbed.id, 0, plan.conflicts, until)
    return Decision(
        result, changes, counted=lambda counts: evolve(result, orders=counts.moved.get(merge_id, 0))
    )
