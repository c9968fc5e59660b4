"""A guest writes in the contact form: please make my orders an account."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from customer_accounts.actors import Agent
from customer_accounts.casework import RequestState
from customer_accounts.features.conversion_answers import (
    FinishRequest,
    RefuseRequest,
    TakeRequest,
    WhyRefused,
)
from customer_accounts.features.conversion_requests import ConversionRequested, RequestConversion
from customer_accounts.limiting import Allowance, Limit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.refusals import Reason, Refused
from tests.contact_form import ask, ask_in_french, requests_of
from tests.orders import GUEST, place
from tests.shop import ELSEWHERE, PASSWORD, Shop

AGENT = Agent("17")


@pytest.fixture(name="asked")
def _asked(shop: Shop) -> Shop:
    """A shop to which a guest wrote in French."""
    ask_in_french(shop)
    return shop


class TestRequestConversion:
    """RequestConversion."""

    def test_puts_it_into_the_queue(self, asked: Shop) -> None:
        """F16: everything that was written waits for an agent; nothing is mailed and no account begins."""
        (request,) = requests_of(asked)
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
                answer = ask(shop, email, locale="de")
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
        assert ask(shop, "gerda@gmial.com").email_suggestion == "gerda@gmail.com"
        refused = ask(shop, "gerda@gmail,com")
        assert (refused.reason, refused.suggestion) == (Reason.EMAIL_INVALID, "gerda@gmail.com")

    def test_needs_a_browser(self, shop: Shop) -> None:
        """RL-08: without the secret of a browser a repeat could not be told from a stranger's request."""
        assert ask(shop, by=shop.visitor(browser=None)) == Refused(Reason.BROWSER_REQUIRED)

    def test_the_same_command_again_stores_nothing_twice(self, shop: Shop) -> None:
        """RL-08: also once it was closed; the same id of another browser is another request."""
        wish = RequestConversion(email=GUEST)
        first = shop.require(wish, by=shop.visitor())
        before = shop.storage._tables
        assert shop.require(wish, by=shop.visitor()) == first
        assert shop.storage._tables is before
        shop.require(RefuseRequest(request_id=requests_of(shop)[0].id, why=WhyRefused.SPAM), by=AGENT)
        shop.clock.forward(hours=1)
        shop.require(wish, by=shop.visitor())
        assert len(requests_of(shop)) == 1
        shop.require(wish, by=shop.visitor(ELSEWHERE))
        assert len(requests_of(shop)) == 2

    def test_few_wait_for_one_address(self, shop: Shop) -> None:
        """AB-08: whoever writes on and on fills no queue, and is told nothing of it."""
        strangers = [shop.visitor(f"browser number {n} of many", ip=f"203.0.113.{n}") for n in range(6)]
        answers = [ask(shop, by=one) for one in strangers]
        assert len(requests_of(shop)) == 3
        assert len({one.advice for one in answers}) == 1

    def test_closed_ones_leave_room(self, shop: Shop) -> None:
        """What is done or refused does not keep the customer from writing again."""
        for _ in range(4):
            shop.clock.forward(hours=1)
            ask(shop)
            shop.require(FinishRequest(request_id=requests_of(shop)[-1].id), by=AGENT)
        assert len(requests_of(shop)) == 4

    def test_is_limited(self) -> None:
        """AB-01, AB-08: by network and by address."""
        one = Allowance(1, timedelta(hours=1))
        for limit in (Limit.REQUEST_NETWORK, Limit.REQUEST_ADDRESS):
            shop = Shop(limits={limit: one})
            ask(shop)
            assert ask(shop).reason is Reason.TOO_MANY_ATTEMPTS
        assert isinstance(ask(shop, "other@mail.example"), ConversionRequested)

    @pytest.mark.parametrize("wrong", [{"message": "x" * 1001}, {"message": "a\x00b"}, {"name": "a\nb"}])
    def test_bounds(self, wrong: dict[str, str]) -> None:
        """LG-03: a message has lines and an end, and nothing that cannot be seen."""
        with pytest.raises(ValidationError):
            RequestConversion(email=GUEST, **wrong)

    def test_is_deleted_in_time(self, asked: Shop) -> None:
        """DP-01: three months after its last change; work on it keeps it."""
        asked.clock.forward(days=80)
        asked.require(TakeRequest(request_id=requests_of(asked)[0].id), by=AGENT)
        asked.clock.forward(days=80)
        asked.accounts.purge()
        assert len(requests_of(asked)) == 1
        asked.clock.forward(days=11)
        asked.accounts.purge()
        assert requests_of(asked) == []


def test_the_form_holds_no_password(shop: Shop) -> None:
    """PW-13: there is no field for one."""
    with pytest.raises(ValidationError):
        RequestConversion.model_validate({"email": GUEST, "password": PASSWORD})
