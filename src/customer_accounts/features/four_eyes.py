"""Who of the staff may do what, and what two of them do together (SUP: permissions as data).

* Which entry of `Agent.may` a task wants stands in `customer_accounts.permissions`, and in the settings
  where a shop has it otherwise.  Without it: PERMISSION_MISSING.
* A task in `Settings.four_eyes` is only proposed by the first agent: SECOND_AGENT_NEEDED, and nothing else
  is written than the proposal and its entry in the audit trail.  It is done when another agent, who has the
  permission to approve, gives the very same command with the same id.  One's own proposal cannot be
  approved; a command that differs in anything is PROPOSAL_DIFFERS, so that nobody agrees to what they did
  not read.
* `PendingProposals` shows what waits, the oldest first, to those who may approve, and to each agent the own
  ones.  Each holds the whole command as JSON: ``MergeAccounts.model_validate_json(proposal.fields)`` is what
  the second agent gives.  `RejectProposal` ends one, and answers the same where it is gone; the first
  agent may take an own one back.
* Proposals end by themselves after `Settings.proposal_lifetime`.

Refusals: PERMISSION_MISSING, SECOND_AGENT_NEEDED, PROPOSAL_DIFFERS, NOT_FOUND.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Protocol
from uuid import UUID

from attrs import field, frozen
from pydantic import Field, StringConstraints

from customer_accounts.actors import Agent
from customer_accounts.casework import ProposalRecord
from customer_accounts.changes import Change, Remove, insert, update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import CasePage, Facts, Part, Scope
from customer_accounts.features.my_orders import cursor_at, place_of
from customer_accounts.inputs import Reference
from customer_accounts.issue import record_event
from customer_accounts.outbox import EventKind
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused

Cursor = Annotated[str, StringConstraints(max_length=1200)] | None
PageSize = Annotated[int, Field(ge=1, le=100)]


class Proposable(Protocol):
    """What a command of an agent has that a second one may have to agree to."""

    @property
    def id(self) -> UUID:
        """The id chosen by the host; the second agent's command has the same."""
        ...

    @property
    def reason(self) -> str:
        """Why, for the audit trail."""
        ...

    def model_dump_json(self) -> str:
        """Give the command as JSON."""
        ...


@frozen
class Proposal:
    """What waits for a second agent.

    Args:
        command: the name of the command to give.
        fields: the command as JSON.
    """

    id: UUID
    task: AgentTask
    command: str
    fields: str = field(repr=False)
    proposed_by: str
    reason: str
    created_at: datetime
    expires_at: datetime


@frozen
class ProposalPage:
    """One page of proposals, the oldest first; ``next`` goes into `PendingProposals.after`, None at the end."""

    proposals: tuple[Proposal, ...]
    next: str | None


@frozen
class ProposalRejected:
    """A proposal that nobody can approve any more."""

    id: UUID


def not_permitted(task: AgentTask, env: Env, actor: Agent) -> Refusal | None:
    """Refuse an agent whose `Agent.may` lacks what the task wants."""
    wanted = env.settings.agent_permissions[task]
    if not wanted or wanted in actor.may:
        return None
    return refuse(Reason.PERMISSION_MISSING, detail=wanted)


def agreed(
    command: Proposable, task: AgentTask, facts: Facts, env: Env, actor: Agent
) -> list[Change] | Refusal:
    """Give what an agreement of two agents writes, nothing where one is enough, or the refusal until then.

    Whether the agent may do the task at all, the caller has asked before (`not_permitted`).

    Args:
        command: what is to be done; its JSON is what the second agent agrees to.
        task: what it counts as.
        facts: with the proposal that has the command's id.
    """
    if task not in env.settings.four_eyes:
        return []
    known = next((one for one in facts.proposals if one.id == command.id), None)
    if known is None or known.expires_at < env.now:
        return _proposed(command, task, known, env, actor)
    if known.proposed_by == actor.id:
        return refuse(Reason.SECOND_AGENT_NEEDED)
    refusal = not_permitted(AgentTask.APPROVE, env, actor)
    if refusal is not None:
        return refusal
    if (known.command, known.fields) != (type(command).__name__, command.model_dump_json()):
        return refuse(Reason.PROPOSAL_DIFFERS)
    detail = f"{known.command} proposed by {known.proposed_by}"
    return [Remove(known), record_event(env, actor, EventKind.PROPOSAL_APPROVED, detail=detail)]


def _proposed(
    command: Proposable, task: AgentTask, expired: ProposalRecord | None, env: Env, actor: Agent
) -> Refusal:
    proposal = ProposalRecord(
        id=command.id,
        task=task,
        command=type(command).__name__,
        fields=command.model_dump_json(),
        proposed_by=actor.id,
        reason=command.reason,
        created_at=env.now,
        expires_at=env.now + env.settings.proposal_lifetime,
    )
    stored = insert(proposal) if expired is None else update(expired, proposal)
    detail = f"{proposal.command}: {command.reason}"
    event = record_event(env, actor, EventKind.PROPOSAL_MADE, detail=detail)
    return Refusal(Refused(Reason.SECOND_AGENT_NEEDED), changes=(stored, event))


def case_page(after: str | None, limit: int) -> CasePage | None:
    """Read the page that is asked for, with one row more than is shown; None for a cursor that is none."""
    place = place_of(after)
    if place is None:
        return None if after is not None else CasePage(limit=min(limit + 1, 100))
    try:
        return CasePage(after=(place[0], UUID(place[1])), limit=min(limit + 1, 100))
    except ValueError:
        return None


class PendingProposals(Command):
    """Show what waits for a second agent, a page at a time.

    Args:
        after: the ``next`` of the page before, or None for the first page.
        limit: proposals on a page, 1 to 100; a page of 100 may be followed by an empty one.
    """

    actors: ClassVar = (Agent,)

    after: Cursor = None
    limit: PageSize = 20

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.PROPOSALS}), cases=case_page(self.after, self.limit))

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[ProposalPage] | Refusal:
        """See `Command.decide`."""
        if case_page(self.after, self.limit) is None:
            return refuse(Reason.NOT_FOUND, about="after")
        shown = facts.proposals[: self.limit]
        more = len(facts.proposals) == min(self.limit + 1, 100)
        approves = not_permitted(AgentTask.APPROVE, env, actor) is None
        proposals = tuple(
            _shown(one)
            for one in shown
            if one.expires_at >= env.now and (approves or one.proposed_by == actor.id)
        )
        return Decision(
            ProposalPage(proposals, cursor_at(shown[-1].created_at, shown[-1].id) if more else None)
        )


def _shown(one: ProposalRecord) -> Proposal:
    return Proposal(
        one.id, one.task, one.command, one.fields, one.proposed_by, one.reason, one.created_at, one.expires_at
    )


class RejectProposal(Command):
    """End a proposal: another agent's with the permission to approve, or one's own."""

    actors: ClassVar = (Agent,)

    proposal_id: UUID
    reason: Reference

    def scope(self, actor: Agent, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.PROPOSALS}), case=self.proposal_id)

    def decide(self, facts: Facts, env: Env, actor: Agent, /) -> Decision[ProposalRejected] | Refusal:
        """See `Command.decide`."""
        known = next((one for one in facts.proposals if one.id == self.proposal_id), None)
        if known is None:
            return Decision(ProposalRejected(self.proposal_id))
        if known.proposed_by != actor.id:
            refusal = not_permitted(AgentTask.APPROVE, env, actor)
            if refusal is not None:
                return refusal
        detail = f"{known.command} of {known.proposed_by}: {self.reason}"
        event = record_event(env, actor, EventKind.PROPOSAL_REJECTED, detail=detail)
        return Decision(ProposalRejected(known.id), (Remove(known), event))
