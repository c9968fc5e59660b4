"""Staff answers those who wrote in the contact form."""

from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve

from customer_accounts.actors import Agent
from customer_accounts.casework import RequestState
from customer_accounts.changes import update
from customer_accounts.features.conversion_answers import (
    AskCustomer,
    ConversionRequests,
    FinishRequest,
    Question,
    RefuseRequest,
    TakeRequest,
    WhyRefused,
)
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.contact_form import ask, ask_in_french, requests_of
from tests.orders import GUEST, SYSTEM
from tests.shop import ELSEWHERE, Shop

AGENT = Agent("17")


@pytest.fixture(name="asked")
def _asked(shop: Shop) -> Shop:
    """A shop to which a guest wrote in French."""
    ask_in_french(shop)
    return shop


class TestConversionRequests:
    """ConversionRequests."""

    def test_shows_what_was_written(self, asked: Shop) -> None:
        """An agent sees what is needed for the answer; a log shows nothing of it."""
        (shown,) = asked.require(ConversionRequests(), by=AGENT).requests
        assert (shown.email, shown.name, shown.locale) == (GUEST, "Gerda", "fr")
        assert not any(one in repr(shown) for one in (GUEST, "Gerda", "Bonjour", "2026-1"))

    def test_comes_in_pages_by_state(self, shop: Shop) -> None:
        """The oldest first, by key; what is closed is in another list."""
        for number in range(5):
            ask(shop, f"guest{number}@mail.example")
            shop.clock.forward(minutes=1)
        shop.require(RefuseRequest(request_id=requests_of(shop)[0].id, why=WhyRefused.NO_ORDER), by=AGENT)
        first = shop.require(ConversionRequests(limit=3), by=AGENT)
        rest = shop.require(ConversionRequests(after=first.next, limit=3), by=AGENT)
        emails = [one.email for one in (*first.requests, *rest.requests)]
        assert emails == [f"guest{number}@mail.example" for number in (1, 2, 3, 4)]
        assert rest.next is None
        (refused,) = shop.require(ConversionRequests(state=RequestState.REFUSED), by=AGENT).requests
        assert (refused.email, refused.note) == ("guest0@mail.example", "no_order")

    def test_a_cursor_that_is_none_is_refused(self, shop: Shop) -> None:
        """A tampered cursor leads nowhere."""
        refused = shop.handle(ConversionRequests(after="x"), by=AGENT)
        assert refused == Refused(Reason.NOT_FOUND, field="after")


class TestAnswers:
    """TakeRequest, AskCustomer, RefuseRequest, FinishRequest."""

    def test_an_agent_takes_it(self, asked: Shop) -> None:
        """Colleagues see who works on it; a colleague may take it over."""
        take = TakeRequest(request_id=requests_of(asked)[0].id)
        asked.require(take, by=AGENT)
        before = asked.storage._tables
        assert asked.require(take, by=AGENT).agent == "17"
        assert asked.storage._tables is before
        assert asked.require(take, by=Agent("18")).agent == "18"
        assert [one.actor for one in asked.events(EventKind.REQUEST_TAKEN)] == ["agent:17", "agent:18"]

    @pytest.mark.parametrize("question", Question)
    def test_asks_back_in_the_customers_language(self, asked: Shop, question: Question) -> None:
        """LG-05: the mail holds one of the fixed questions and nothing that somebody typed."""
        ask = AskCustomer(request_id=requests_of(asked)[0].id, about=question)
        answer = asked.require(ask, by=AGENT)
        assert (answer.state, answer.note, answer.agent) == (RequestState.WAITING, question, "17")
        (mail,) = asked.mails()
        assert (mail.purpose, mail.to, mail.locale) == (MailPurpose.REQUEST_QUESTION, GUEST, "fr")
        assert [(one.name, one.value) for one in mail.details] == [("variant", question)]
        asked.require(ask, by=AGENT)
        assert len(asked.mails()) == 1

    def test_another_question_may_follow(self, asked: Shop) -> None:
        """While it waits, the agent may ask for more."""
        request_id = requests_of(asked)[0].id
        for question in (Question.POSTCODE, Question.ORDER_NUMBER):
            asked.require(AskCustomer(request_id=request_id, about=question), by=AGENT)
        assert len(asked.mails()) == 2

    def test_the_customers_answer_opens_it(self, asked: Shop) -> None:
        """Whoever writes again with the address answers the question; nothing else begins."""
        request_id = requests_of(asked)[0].id
        asked.require(AskCustomer(request_id=request_id, about=Question.ORDER_NUMBER), by=AGENT)
        asked.clock.forward(days=1)
        ask(asked, order_number="2026-2", by=asked.visitor(ELSEWHERE))
        (request,) = requests_of(asked)
        assert (request.id, request.state, request.agent) == (request_id, RequestState.OPEN, "17")
        assert (request.order_number, request.message[:7]) == ("2026-2", "Bonjour")
        asked.require(AskCustomer(request_id=request_id, about=Question.POSTCODE), by=AGENT)
        ask(asked, message="8010", by=asked.visitor(ELSEWHERE))
        (request,) = requests_of(asked)
        assert (request.order_number, request.message) == ("2026-2", "8010")

    @pytest.mark.parametrize("why", [WhyRefused.NO_ORDER, WhyRefused.NOT_PROVEN])
    def test_is_refused_with_a_reason(self, asked: Shop, why: WhyRefused) -> None:
        """The customer is told why; the trail says who did it."""
        request_id = requests_of(asked)[0].id
        answer = asked.require(RefuseRequest(request_id=request_id, why=why), by=AGENT)
        assert (answer.state, answer.note) == (RequestState.REFUSED, why)
        (mail,) = asked.mails()
        assert (mail.purpose, mail.detail("variant")) == (MailPurpose.REQUEST_REFUSED, why)
        (event,) = asked.events(EventKind.REQUEST_ANSWERED)
        assert (event.actor, event.detail) == ("agent:17", f"{request_id} refused {why}")

    def test_spam_is_told_nothing(self, asked: Shop) -> None:
        """AB-08: an answer to spam would go to a stranger."""
        asked.require(RefuseRequest(request_id=requests_of(asked)[0].id, why=WhyRefused.SPAM), by=AGENT)
        assert asked.mails() == []

    def test_what_is_closed_stays_closed(self, asked: Shop) -> None:
        """NEXT_STATES: done and refused are ends; the same command again does nothing more."""
        request_id = requests_of(asked)[0].id
        asked.require(FinishRequest(request_id=request_id), by=AGENT)
        assert asked.mails() == []
        before = asked.storage._tables
        asked.require(FinishRequest(request_id=request_id), by=AGENT)
        commands: list[Any] = [
            TakeRequest(request_id=request_id),
            AskCustomer(request_id=request_id, about=Question.POSTCODE),
            RefuseRequest(request_id=request_id, why=WhyRefused.NO_ORDER),
        ]
        for command in commands:
            refused = asked.handle(command, by=Agent("18"))
            assert refused == Refused(Reason.REQUEST_CLOSED, field="request_id")
        assert asked.storage._tables is before

    def test_missing_ones_are_not_found(self, shop: Shop) -> None:
        """A stale list in an agent's browser does no harm."""
        commands: list[Any] = [
            TakeRequest(request_id=uuid4()),
            AskCustomer(request_id=uuid4(), about=Question.POSTCODE),
            RefuseRequest(request_id=uuid4(), why=WhyRefused.NO_ORDER),
            FinishRequest(request_id=uuid4()),
        ]
        for command in commands:
            assert shop.handle(command, by=AGENT) == Refused(Reason.NOT_FOUND, field="request_id")
            assert shop.handle(command, by=SYSTEM) == Refused(Reason.NOT_ALLOWED)

    def test_two_agents_at_once(self, asked: Shop) -> None:
        """CC-05: what an agent decides is decided on what is stored, also when a colleague was faster."""
        (request,) = requests_of(asked)
        write = asked.storage.write
        faster = update(request, evolve(request, state=RequestState.DONE))

        def overtaken(changes: Any, /) -> Any:
            asked.storage.write = write  # type: ignore[method-assign]  # put back what is replaced below
            write([faster])
            return write(changes)

        asked.storage.write = overtaken  # type: ignore[method-assign]  # an interleaving, made to happen
        refused = asked.handle(RefuseRequest(request_id=request.id, why=WhyRefused.NO_ORDER), by=AGENT)
        assert refused == Refused(Reason.REQUEST_CLOSED, field="request_id")
        assert asked.mails() == []
