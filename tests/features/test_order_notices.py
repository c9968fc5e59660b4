"""Who hears by mail of what happens to an order."""

import pytest

from customer_accounts.features.order_notices import ORDER_MAILS, Audience, OrderEvent, order_mails
from customer_accounts.outbox import MailPurpose


def test_every_case_is_in_the_table() -> None:
    """F14: no event of no audience is left to chance."""
    assert set(ORDER_MAILS) == {(who, what) for who in Audience for what in OrderEvent}


def test_a_guest_hears_nothing_of_the_progress() -> None:
    """F14: a guest gets the acknowledgement and the tracking number, and nothing in between or after."""
    assert {what: order_mails(Audience.GUEST, what) for what in OrderEvent} == {
        OrderEvent.PLACED: (MailPurpose.ORDER_RECEIVED,),
        OrderEvent.PAID: (),
        OrderEvent.SHIPPED: (MailPurpose.TRACKING,),
        OrderEvent.CORRECTED: (MailPurpose.TRACKING,),
        OrderEvent.DELIVERED: (),
        OrderEvent.CANCELLED: (),
    }


@pytest.mark.parametrize("what", OrderEvent)
def test_an_account_hears_of_every_step(what: OrderEvent) -> None:
    """F07: a customer is told of each step, once."""
    assert len(order_mails(Audience.ACCOUNT, what)) == 1


def test_what_is_shipped_is_told_alike() -> None:
    """F14: the tracking number goes to guests and accounts in the same mail."""
    for what in (OrderEvent.PLACED, OrderEvent.SHIPPED, OrderEvent.CORRECTED):
        assert order_mails(Audience.GUEST, what) == order_mails(Audience.ACCOUNT, what)
