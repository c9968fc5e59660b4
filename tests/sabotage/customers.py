"""Faults of the rules about guests, ownership, sessions and limits: GM, AZ, SE and AB."""

from customer_accounts.accounts import Accounts, steps
from customer_accounts.accounts.limiter import MemoryRateLimiter
from customer_accounts.actors import _parsed_ip
from customer_accounts.adapters import memory_read, memory_write
from customer_accounts.command import Command
from customer_accounts.features import wish_list
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.guest_order_page import ViewGuestOrder
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.privacy import _closed
from customer_accounts.features.sign_in import SignIn
from customer_accounts.features.support import ConvertGuest
from tests.sabotage.fault import edited, fault, together


def _take_any_field() -> None:
    """Let all commands ignore what they do not know."""
    for command in Command.__subclasses__():
        command.model_config["extra"] = "ignore"
        command.model_rebuild(force=True)


_GUESTS = (
    fault(
        "GM-01",
        "guest orders of any address join",
        edited(
            memory_write._selected,
            "        and (wanted.email_key is None or order.email_key == wanted.email_key)\n",
            "",
        ),
        "test_guest_properties.py::test_no_order_is_lost_doubled_or_taken",
    ),
    fault(
        "GM-02",
        "a claim moves orders that somebody owns",
        edited(memory_write._selected, "order.owner == wanted.owner", "wanted.owner in (None, order.owner)"),
        "features/test_account_opening.py::TestGuestOrders::test_owned_ones_stay",
    ),
    fault(
        "GM-03",
        "the reason of a conversion is not kept",
        edited(ConvertGuest._invitation, "detail=because(self.reason, self.evidence)", "detail=''"),
        "features/test_support.py::TestConvertGuest::test_says_who_did_it_and_why",
    ),
    fault(
        "GM-04",
        "a guest's wish for the newsletter is let pass",
        edited(RecordOrder._wishes_refused, "return None if self.open_account else", "return None and"),
        "features/test_guest_order.py::TestGuest",
    ),
    fault(
        "GM-05",
        "the reference of an order opens its page",
        together(
            edited(
                ViewGuestOrder.scope,
                "token=digest)",
                "token=digest, order=None if digest else self.reference_token)",
            ),
            edited(
                ViewGuestOrder.decide,
                "        order = _order_of(self.reference_token, facts, env)\n",
                "        order = facts.orders[0] if facts.orders else _order_of(self.reference_token, facts, env)\n",
            ),
        ),
        "features/test_guest_order_page.py::test_what_is_no_link_shows_nothing",
    ),
)

_OWNERSHIP = (
    fault(
        "AZ-01",
        "a wish list is found by its id alone",
        together(
            edited(wish_list._own, " and one.account_id == account.id", ""),
            edited(memory_read._of, " if one.account_id in owners", ""),
        ),
        "test_ownership.py::test_foreign_is_answered_like_missing",
    ),
    fault(
        "AZ-02",
        "commands ignore fields that they do not know",
        _take_any_field,
        "test_ownership.py::test_commands_take_named_fields_only",
    ),
    fault(
        "SE-01",
        "sessions of an earlier epoch go on",
        edited(
            steps.decided,
            "account.session_epoch != actor.session_epoch",
            "account.session_epoch < actor.session_epoch",
        ),
        "accounts/test_runners.py::TestAdmission::test_a_session_of_another_epoch_has_ended",
    ),
    fault(
        "SE-02",
        "links outlive their account",
        edited(
            _closed, "        *(one for one in facts.tokens if one.purpose is not Purpose.UNSUBSCRIBE),\n", ""
        ),
        "features/test_privacy.py::TestClosing::test_leaves_no_link",
    ),
)

_LIMITS = (
    fault(
        "AB-01",
        "sign-ins are not counted by network",
        edited(SignIn.limits, "(Limit.SIGN_IN_NETWORK, network),", ""),
        "features/test_sign_in.py::TestFailures::test_are_counted_by_network_across_addresses",
    ),
    fault(
        "AB-02",
        "tries are counted by the address as typed",
        edited(SignIn.limits, "email_key_of(self.email) or None", "self.email"),
        "features/test_sign_in.py::TestFailures::test_are_counted_by_address_in_any_spelling",
    ),
    fault(
        "AB-03",
        "a success clears the counters",
        edited(
            Accounts._decide_and_write,
            "            return steps.result_of(",
            "            if type(command).__name__ == 'SignIn' and isinstance(outcome, Decision):\n"
            "                self._limiter._tries.clear()\n"
            "            return steps.result_of(",
        ),
        "features/test_sign_in.py::TestFailures::test_are_counted_by_network_across_addresses",
    ),
    fault(
        "AB-04",
        "whatever a header says is an address",
        edited(_parsed_ip, "return _read_ip(text)", "return text"),
        "test_actors.py::TestVisitor::test_refuses_what_is_no_ip",
    ),
    fault(
        "AB-05",
        "one more than allowed passes",
        edited(MemoryRateLimiter.hit, "len(tries) >= allowance.tries", "len(tries) > allowance.tries"),
        "accounts/test_limiter.py::test_counts_to_the_allowance_and_says_how_long_to_wait",
    ),
    fault(
        "AB-06",
        "whoever goes on trying stays locked out",
        edited(
            MemoryRateLimiter.hit,
            "                return tries[0] + allowance.period - now",
            "                tries.append(now)\n                return tries[0] + allowance.period - now",
        ),
        "accounts/test_limiter.py::test_counts_to_the_allowance_and_says_how_long_to_wait",
    ),
    fault(
        "AB-07",
        "codes are open while nobody counts",
        edited(steps.limiter_down, "None if allowance.open_on_outage else", "None and"),
        "accounts/test_runners.py::TestLimits::test_an_outage_of_the_limiter_closes_codes",
    ),
    fault(
        "AB-08",
        "anybody may have any number of mails sent to an address",
        edited(RequestPasswordReset.limits, "mailing(self.email, actor)", "()"),
        "features/test_password_reset.py::TestAsking::test_mails_are_capped_by_address",
    ),
)

CUSTOMERS = (*_GUESTS, *_OWNERSHIP, *_LIMITS)
