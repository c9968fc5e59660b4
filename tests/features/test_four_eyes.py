"""Who of the staff may do what, and what two of them do together."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from customer_accounts.actors import Agent
from customer_accounts.casework import ProposalRecord
from customer_accounts.changes import insert
from customer_accounts.errors import SettingsError
from customer_accounts.features.conversion_answers import (
    ConversionRequests,
    TakeRequest,
)
from customer_accounts.features.conversion_invitation import CancelInvitation, ResendInvitation
from customer_accounts.features.four_eyes import PendingProposals, RejectProposal
from customer_accounts.features.guest_address import CorrectGuestAddress, PreviewGuestAddress
from customer_accounts.features.support import ConversionOutcome, ConvertGuest, GuestConversion
from customer_accounts.features.tracking_resend import ResendTracking
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.permissions import AgentTask
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.records import a_proposal
from tests.orders import GUEST, place
from tests.shop import Shop

BERTA = Agent("17", "Berta")
CHEF = Agent("1", "Chef", may=frozenset({"approve"}))
OTHER = Agent("18", "Otto")


@pytest.fixture(name="strict")
def _strict() -> Shop:
    """A shop in which two agents convert a guest together, with one guest's order."""
    shop = Shop(four_eyes={AgentTask.CONVERT_GUEST})
    place(shop)
    return shop


def _wish(**more: Any) -> ConvertGuest:
    return ConvertGuest(**{"id": uuid4(), "email": GUEST, "reason": "letter of 3 November"} | more)


class TestPermissions:
    """Which entry of `Agent.may` a task wants."""

    @pytest.mark.parametrize(
        ("task", "command"),
        [
            (AgentTask.CONVERT_GUEST, _wish()),
            (AgentTask.CONVERT_GUEST, ResendInvitation(email=GUEST, reason="letter")),
            (AgentTask.CONVERT_GUEST, CancelInvitation(email=GUEST, reason="letter")),
            (AgentTask.ANSWER_REQUEST, ConversionRequests()),
            (AgentTask.ANSWER_REQUEST, TakeRequest(request_id=uuid4())),
            (AgentTask.CORRECT_ADDRESS, PreviewGuestAddress(reference="ref-1", email="g@mail.example")),
            (AgentTask.CORRECT_ADDRESS, CorrectGuestAddress(reference="r", email="g@b.example", reason="x")),
            (AgentTask.RESEND_TRACKING, ResendTracking(reference="ref-1", reason="letter")),
        ],
        ids=lambda one: type(one).__name__,
    )
    def test_a_task_can_want_an_entry(self, task: AgentTask, command: Any) -> None:
        """Without the entry that the settings name the command is refused by a stable reason, with it never so."""
        shop = Shop(agent_permissions={task: "senior"})
        place(shop)
        assert shop.handle(command, by=BERTA) == Refused(Reason.PERMISSION_MISSING, detail="senior")
        allowed = shop.handle(command, by=Agent("2", may=frozenset({"senior"})))
        assert not isinstance(allowed, Refused) or allowed.reason is not Reason.PERMISSION_MISSING

    def test_refused_permissions_write_nothing(self) -> None:
        """A refusal for want of permission leaves no trace but the answer."""
        shop = Shop(agent_permissions={AgentTask.CONVERT_GUEST: "senior"})
        place(shop)
        before = shop.storage._tables
        shop.handle(_wish(), by=BERTA)
        assert shop.storage._tables is before

    def test_what_is_no_task_is_no_setting(self) -> None:
        """Misspelt tasks are found when the shop starts."""
        with pytest.raises(SettingsError):
            Shop(four_eyes={"convert_guest"})
        with pytest.raises(TypeError):
            Shop(agent_permissions={"conversion": "senior"})


class TestTwoAgents:
    """A task that one agent proposes and another one does."""

    def test_the_first_only_proposes(self, strict: Shop) -> None:
        """Nothing is mailed and no invitation waits; the proposal and its reason stand in the trail."""
        assert strict.handle(_wish(), by=BERTA) == Refused(Reason.SECOND_AGENT_NEEDED)
        assert strict.mails() == []
        assert strict.registrations() == []
        (event,) = strict.events(EventKind.PROPOSAL_MADE)
        assert (event.actor, event.detail) == ("agent:17", "ConvertGuest: letter of 3 November")

    def test_the_second_does_it(self, strict: Shop) -> None:
        """The same command from somebody who may approve: it happens, and the proposal is gone."""
        wish = _wish()
        strict.handle(wish, by=BERTA)
        done = strict.require(wish, by=CHEF)
        assert done.outcome is ConversionOutcome.INVITED
        assert len(strict.mails(MailPurpose.SET_PASSWORD)) == 1
        assert strict.stored(ProposalRecord) == []
        (event,) = strict.events(EventKind.PROPOSAL_APPROVED)
        assert (event.actor, event.detail) == ("agent:1", "ConvertGuest proposed by 17")
        assert strict.require(wish, by=CHEF) == done

    def test_nobody_approves_the_own_proposal(self, strict: Shop) -> None:
        """Four eyes are two people, whatever the one may do."""
        wish = _wish()
        for _ in range(2):
            assert strict.handle(wish, by=CHEF) == Refused(Reason.SECOND_AGENT_NEEDED)
        assert strict.mails() == []
        assert len(strict.stored(ProposalRecord)) == 1

    def test_the_second_needs_the_permission(self, strict: Shop) -> None:
        """Any two agents are not enough: the second one must be allowed to approve."""
        wish = _wish()
        strict.handle(wish, by=BERTA)
        assert strict.handle(wish, by=OTHER) == Refused(Reason.PERMISSION_MISSING, detail="approve")
        assert strict.mails() == []

    @pytest.mark.parametrize(
        "change", [{"email": "other@mail.example"}, {"reason": "because"}, {"locale": "fr"}]
    )
    def test_what_differs_is_not_approved(self, strict: Shop, change: dict[str, Any]) -> None:
        """Nobody agrees to what was not proposed."""
        place(strict, "ref-2", email="other@mail.example")
        wish = _wish()
        strict.handle(wish, by=BERTA)
        differs = wish.model_copy(update=change)
        assert strict.handle(differs, by=CHEF) == Refused(Reason.PROPOSAL_DIFFERS)
        assert strict.mails() == []

    def test_the_spelling_of_the_address_is_no_difference(self, strict: Shop) -> None:
        """The second agent may paste the address with a blank around it."""
        wish = _wish(email=f" {GUEST} ")
        strict.handle(wish, by=BERTA)
        assert isinstance(strict.handle(wish.model_copy(update={"email": GUEST}), by=CHEF), GuestConversion)

    def test_a_proposal_ends(self, strict: Shop) -> None:
        """After its lifetime nobody can approve it; the next try is a new proposal, and purge deletes old ones."""
        wish = _wish()
        strict.handle(wish, by=BERTA)
        strict.clock.forward(days=7, seconds=1)
        assert strict.handle(wish, by=CHEF) == Refused(Reason.SECOND_AGENT_NEEDED)
        (proposal,) = strict.stored(ProposalRecord)
        assert proposal.proposed_by == "1"
        strict.clock.forward(days=7, seconds=1)
        strict.accounts.purge()
        assert strict.stored(ProposalRecord) == []

    def test_one_agent_is_enough_elsewhere(self, shop: Shop) -> None:
        """Only what the setting names needs two."""
        place(shop)
        assert isinstance(shop.handle(_wish(), by=BERTA), GuestConversion)


class TestPendingProposals:
    """PendingProposals."""

    def test_shows_the_command_to_approve(self, strict: Shop) -> None:
        """What is shown is what is to be given: the second agent's command comes out of it."""
        strict.handle(_wish(evidence="invoice 4711"), by=BERTA)
        (shown,) = strict.require(PendingProposals(), by=CHEF).proposals
        assert (shown.command, shown.task, shown.proposed_by) == (
            "ConvertGuest",
            AgentTask.CONVERT_GUEST,
            "17",
        )
        again = ConvertGuest.model_validate_json(shown.fields)
        assert again.evidence == "invoice 4711"
        assert isinstance(strict.handle(again, by=CHEF), GuestConversion)
        assert GUEST not in repr(shown)

    def test_others_see_only_the_own_ones(self, strict: Shop) -> None:
        """DP-03: what holds a customer's address is shown to whoever needs it."""
        strict.handle(_wish(), by=BERTA)
        assert len(strict.require(PendingProposals(), by=BERTA).proposals) == 1
        assert strict.require(PendingProposals(), by=OTHER).proposals == ()

    def test_comes_in_pages(self, shop: Shop) -> None:
        """The oldest first, by key; expired ones are left out."""
        many = [
            a_proposal(
                created_at=shop.clock.now + timedelta(hours=n), expires_at=shop.clock.now + timedelta(n)
            )
            for n in range(-1, 5)
        ]
        shop.storage.write([insert(one) for one in many])
        first = shop.require(PendingProposals(limit=3), by=CHEF)
        rest = shop.require(PendingProposals(after=first.next, limit=3), by=CHEF)
        assert [one.id for one in (*first.proposals, *rest.proposals)] == [one.id for one in many[1:]]
        assert rest.next is None

    @pytest.mark.parametrize("after", ["", "nonsense", "OTk5OTk5OTk5OTk5OTk5OTkgeA"])
    def test_a_cursor_that_is_none_is_refused(self, shop: Shop, after: str) -> None:
        """Neither a text nor a place without an id leads anywhere."""
        refused = shop.handle(PendingProposals(after=after), by=CHEF)
        assert refused == Refused(Reason.NOT_FOUND, field="after")


class TestRejectProposal:
    """RejectProposal."""

    @pytest.mark.parametrize("agent", [CHEF, BERTA], ids=["who may approve", "the first agent"])
    def test_ends_a_proposal(self, strict: Shop, agent: Agent) -> None:
        """Nothing is left to approve, the trail says why; again it answers the same."""
        wish = _wish()
        strict.handle(wish, by=BERTA)
        reject = RejectProposal(proposal_id=wish.id, reason="not her order")
        first = strict.require(reject, by=agent)
        assert strict.stored(ProposalRecord) == []
        (event,) = strict.events(EventKind.PROPOSAL_REJECTED)
        assert event.detail == "ConvertGuest of 17: not her order"
        assert strict.require(reject, by=agent) == first
        assert len(strict.events(EventKind.PROPOSAL_REJECTED)) == 1

    def test_not_by_anybody(self, strict: Shop) -> None:
        """Another agent without the permission cannot end it."""
        wish = _wish()
        strict.handle(wish, by=BERTA)
        refused = strict.handle(RejectProposal(proposal_id=wish.id, reason="no"), by=OTHER)
        assert refused == Refused(Reason.PERMISSION_MISSING, detail="approve")
        assert len(strict.stored(ProposalRecord)) == 1
