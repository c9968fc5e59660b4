"""A guest writes in the contact form: please make my orders an account."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from attrs import evolve
from pydantic import ValidationError

from customer_accounts.actors import Agent, Visitor
from customer_accounts.casework import ConversionRequestRecord, RequestState
from customer_accounts.changes import update
from customer_accounts.features.conversion_requests import (
    AskCustomer,
    ConversionRequested,
    ConversionRequests,
    FinishRequest,
    Question,
    RefuseRequest,
    RequestConversion,
    TakeRequest,
    WhyRefused,
)
from customer_accounts.limiting import Allowance, Limit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.orders import GUEST, SYSTEM, place
from tests.shop import ELSEWHERE, PASSWORD, Shop

AGENT = Agent("17")


def _ask(shop: Shop, email: str = GUEST, *, by: Visitor | None = None, **more: Any) -> Any:
    return shop.handle(RequestConversion(email=email, **more), by=by or shop.visitor())


def _stored(shop: Shop) -> list[ConversionRequestRecord]:
    return shop.stored(ConversionRequestRecord)


@pytest.fixture(name="asked")
def _asked(shop: Shop) -> Shop:
    """A shop to which a guest wrote in French."""
    _ask(
        shop, message="Bonjour,\nun compte s’il vous plaît", order_number="2026-1", locale="fr", name="Gerda"
    )
    return shop


class TestRequestConversion:
    """RequestConversion."""

    def test_puts_it_into_the_queue(self, asked: Shop) -> None:
        """F16: everything that was written waits for an agent; nothing is mailed and no account begins."""
        (request,) = _stored(asked)
        assert (request.state, request.email, request.order_number) == (RequestState.OPEN, GUEST, "2026-1")
        assert request.message == "Bonjour,\nun compte s’il vous plaît"
        assert asked.mails() == []
        (event,) = asked.events(EventKind.CONVERSION_REQUESTED)
        assert (event.email, event.detail) == ("g***@mail.example", "")

    def test_the_answer_is_the_same_for_every_address(self, shop: Shop) -> None:
        """EN-01: a customer's address, a guest's and an unknown one get the same answer, in any state of the queue."""
        shop.open_account("anna@mail.example")
        place(shop)
        answers = set()
        for email in ("anna@mail.example", GUEST, "nobody@mail.example"):
            for _ in range(4):
                shop.clock.forward(hours=1)
                answer = _ask(shop, email, locale="de")
                assert isinstance(answer, ConversionRequested)
                assert answer.email == email
                answers.add(answer.advice)
        assert len(answers) == 1
        assert shop.settings.storefront.contact in answers.pop()
        assert {one.purpose for one in shop.mails()} <= {
            MailPurpose.CONFIRM_REGISTRATION, MailPurpose.ACCOUNT_OPENED,
        }  # fmt: skip

    def test_warns_of_a_typing_error(self, shop: Shop) -> None:
        """F06: the likely address comes with the answer, an unreadable one is refused with it."""
        assert _ask(shop, "gerda@gmial.com").email_suggestion == "gerda@gmail.com"
        refused = _ask(shop, "gerda@gmail,com")
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "gerda@gmail.com")

    def test_needs_a_browser(self, shop: Shop) -> None:
        """RL-08: without the secret of a browser a repeat could not be told from a stranger's request."""
        assert _ask(shop, by=shop.visitor(browser=None)) == Refused(Reason.BROWSER_REQUIRED)

    def test_the_same_command_again_stores_nothing_twice(self, shop: Shop) -> None:
        """RL-08: also once it was closed; the same id of another browser is another request."""
        wish = RequestConversion(email=GUEST)
        first = shop.require(wish, by=shop.visitor())
        before = shop.storage._tables
        assert shop.require(wish, by=shop.visitor()) == first
        assert shop.storage._tables is before
        shop.require(RefuseRequest(request_id=_stored(shop)[0].id, why=WhyRefused.SPAM), by=AGENT)
        shop.clock.forward(hours=1)
        shop.require(wish, by=shop.visitor())
        assert len(_stored(shop)) == 1
        shop.require(wish, by=shop.visitor(ELSEWHERE))
        assert len(_stored(shop)) == 2

    def test_few_wait_for_one_address(self, shop: Shop) -> None:
        """AB-08: whoever writes on and on fills no queue, and is told nothing of it."""
        strangers = [shop.visitor(f"browser number {n} of many", ip=f"203.0.113.{n}") for n in range(6)]
        answers = [_ask(shop, by=one) for one in strangers]
        assert len(_stored(shop)) == 3
        assert len({one.advice for one in answers}) == 1

    def test_closed_ones_leave_room(self, shop: Shop) -> None:
        """What is done or refused does not keep the customer from writing again."""
        for _ in range(4):
            shop.clock.forward(hours=1)
            _ask(shop)
            shop.require(FinishRequest(request_id=_stored(shop)[-1].id), by=AGENT)
        assert len(_stored(shop)) == 4

    def test_is_limited(self) -> None:
        """AB-01, AB-08: by network and by address."""
        one = Allowance(1, timedelta(hours=1))
        for limit in (Limit.REQUEST_NETWORK, Limit.REQUEST_ADDRESS):
            shop = Shop(limits={limit: one})
            _ask(shop)
            assert _ask(shop).reason is Reason.TOO_MANY_ATTEMPTS
        assert isinstance(_ask(shop, "other@mail.example"), ConversionRequested)

    @pytest.mark.parametrize("wrong", [{"message": "x" * 1001}, {"message": "a\x00b"}, {"name": "a\nb"}])
    def test_bounds(self, wrong: dict[str, str]) -> None:
        """LG-03: a message has lines and an end, and nothing that cannot be seen."""
        with pytest.raises(ValidationError):
            RequestConversion(email=GUEST, **wrong)

    def test_is_deleted_in_time(self, asked: Shop) -> None:
        """DP-01: three months after its last change; work on it keeps it."""
        asked.clock.forward(days=80)
        asked.require(TakeRequest(request_id=_stored(asked)[0].id), by=AGENT)
        asked.clock.forward(days=80)
        asked.accounts.purge()
        assert len(_stored(asked)) == 1
        asked.clock.forward(days=11)
        asked.accounts.purge()
        assert _stored(asked) == []


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
            _ask(shop, f"guest{number}@mail.example")
            shop.clock.forward(minutes=1)
        shop.require(RefuseRequest(request_id=_stored(shop)[0].id, why=WhyRefused.NO_ORDER), by=AGENT)
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
        take = TakeRequest(request_id=_stored(asked)[0].id)
        asked.require(take, by=AGENT)
        before = asked.storage._tables
        assert asked.require(take, by=AGENT).agent == "17"
        assert asked.storage._tables is before
        assert asked.require(take, by=Agent("18")).agent == "18"
        assert [one.actor for one in asked.events(EventKind.REQUEST_TAKEN)] == ["agent:17", "agent:18"]

    @pytest.mark.parametrize("question", Question)
    def test_asks_back_in_the_customers_language(self, asked: Shop, question: Question) -> None:
        """LG-05: the mail holds one of the fixed questions and nothing that somebody typed."""
        ask = AskCustomer(request_id=_stored(asked)[0].id, about=question)
        answer = asked.require(ask, by=AGENT)
        assert (answer.state, answer.note, answer.agent) == (RequestState.WAITING, question, "17")
        (mail,) = asked.mails()
        assert (mail.purpose, mail.to, mail.locale) == (MailPurpose.REQUEST_QUESTION, GUEST, "fr")
        assert [(one.name, one.value) for one in mail.details] == [("variant", question)]
        asked.require(ask, by=AGENT)
        assert len(asked.mails()) == 1

    def test_another_question_may_follow(self, asked: Shop) -> None:
        """While it waits, the agent may ask for more."""
        request_id = _stored(asked)[0].id
        for question in (Question.POSTCODE, Question.ORDER_NUMBER):
            asked.require(AskCustomer(request_id=request_id, about=question), by=AGENT)
        assert len(asked.mails()) == 2

    def test_the_customers_answer_opens_it(self, asked: Shop) -> None:
        """Whoever writes again with the address answers the question; nothing else begins."""
        request_id = _stored(asked)[0].id
        asked.require(AskCustomer(request_id=request_id, about=Question.ORDER_NUMBER), by=AGENT)
        asked.clock.forward(days=1)
        _ask(asked, order_number="2026-2", by=asked.visitor(ELSEWHERE))
        (request,) = _stored(asked)
        assert (request.id, request.state, request.agent) == (request_id, RequestState.OPEN, "17")
        assert (request.order_number, request.message[:7]) == ("2026-2", "Bonjour")
        asked.require(AskCustomer(request_id=request_id, about=Question.POSTCODE), by=AGENT)
        _ask(asked, message="8010", by=asked.visitor(ELSEWHERE))
        (request,) = _stored(asked)
        assert (request.order_number, request.message) == ("2026-2", "8010")

    @pytest.mark.parametrize("why", [WhyRefused.NO_ORDER, WhyRefused.NOT_PROVEN])
    def test_is_refused_with_a_reason(self, asked: Shop, why: WhyRefused) -> None:
        """The customer is told why; the trail says who did it."""
        request_id = _stored(asked)[0].id
        answer = asked.require(RefuseRequest(request_id=request_id, why=why), by=AGENT)
        assert (answer.state, answer.note) == (RequestState.REFUSED, why)
        (mail,) = asked.mails()
        assert (mail.purpose, mail.detail("variant")) == (MailPurpose.REQUEST_REFUSED, why)
        (event,) = asked.events(EventKind.REQUEST_ANSWERED)
        assert (event.actor, event.detail) == ("agent:17", f"{request_id} refused {why}")

    def test_spam_is_told_nothing(self, asked: Shop) -> None:
        """AB-08: an answer to spam would go to a stranger."""
        asked.require(RefuseRequest(request_id=_stored(asked)[0].id, why=WhyRefused.SPAM), by=AGENT)
        assert asked.mails() == []

    def test_what_is_closed_stays_closed(self, asked: Shop) -> None:
        """NEXT_STATES: done and refused are ends; the same command again does nothing more."""
        request_id = _stored(asked)[0].id
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
        (request,) = _stored(asked)
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


def test_the_form_holds_no_password(shop: Shop) -> None:
    """PW-13: there is no field for one."""
    with pytest.raises(ValidationError):
        RequestConversion.model_validate({"email": GUEST, "password": PASSWORD})
