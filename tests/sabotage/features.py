"""Faults of features that no requirement names: the support desk, merges and the import, one for each rule."""

from customer_accounts import order
from customer_accounts.accounts import Accounts, retention
from customer_accounts.adapters.sql import reading_history
from customer_accounts.address_digest import address_digests
from customer_accounts.features import (
    conversion_invitation,
    conversion_requests,
    four_eyes,
    further_address,
    guest_address,
    guest_order,
    import_changes,
    lookup,
    merge_changes,
    merge_parties,
    merge_rules,
    merge_undo_changes,
    order_tracking,
    timeline,
)
from customer_accounts.features.account_merge_undo import UndoMerge
from customer_accounts.features.bounce import RecordBounce
from customer_accounts.features.claim_order import ClaimOrder, ClaimWithEvidence
from customer_accounts.features.claim_undo import UndoClaim
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.revocation import link_to_nobody
from customer_accounts.features.tracking_resend import ResendTracking
from customer_accounts.history import page_of
from tests.sabotage.fault import edited, fault
from tests.sabotage.storage import STORAGE

FEATURES = (
    *STORAGE,
    fault(
        "four_eyes",
        "the first agent approves the own proposal",
        edited(four_eyes.agreed, "known.proposed_by == actor.id", "False"),
        "features/test_four_eyes.py::TestTwoAgents::test_nobody_approves_the_own_proposal",
    ),
    fault(
        "conversion_invitation",
        "the links of a withdrawn invitation stay",
        edited(
            conversion_invitation.CancelInvitation.decide, "one.registration_id in gone", "one.digest in gone"
        ),
        "features/test_conversion_invitation.py::TestCancelInvitation::test_kills_the_links",
    ),
    fault(
        "conversion_requests",
        "any number of requests waits for one address",
        edited(
            conversion_requests.RequestConversion._stored,
            "len(waiting) >= env.settings.requests_per_address",
            "False",
        ),
        "features/test_conversion_requests.py::TestRequestConversion::test_few_wait_for_one_address",
    ),
    fault(
        "conversion_requests",
        "a request that is not kept writes nothing, which can be seen from outside",
        edited(conversion_requests.RequestConversion._stored, "return [event]", "return []"),
        "test_enumeration.py::test_a_letter_tells_nothing_of_other_letters",
    ),
    fault(
        "account_merge",
        "a customer is told whether an address has an account",
        edited(
            further_address.further_address,
            "if email.key == account.email_key:",
            "if email.key == account.email_key or facts.account_at(email.key) is None:",
        ),
        "test_enumeration.py::test_asking_for_a_merge_looks_the_same",
    ),
    fault(
        "claim_order",
        "the host is not asked about a fact",
        edited(Accounts._fact_holds, "steps.held(self._order_facts.holds(*typed))", "True"),
        "accounts/test_order_facts.py::test_wrong_and_unknown_are_asked_and_answered_alike",
    ),
    fault(
        "claim_order",
        "the host is asked about orders that exist only",
        edited(
            Accounts._decide_and_write,
            "self._fact_holds(command.fact_to_check(), env, by)",
            "self._fact_holds(command.fact_to_check(), env, by) if facts.orders else False",
        ),
        "accounts/test_order_facts.py::test_wrong_and_unknown_are_asked_and_answered_alike",
        "test_enumeration.py::test_a_fact_that_is_tried_tells_nothing",
    ),
    fault(
        "claim_order",
        "a fact that was typed stands in the log",
        edited(Accounts._fact_holds, "fault = type(error)", "steps.log.exception(fault := type(error))"),
        "accounts/test_order_facts.py::test_a_check_that_fails_confirms_nothing",
    ),
    fault(
        "claim_order",
        "a fact brings an order whose number is spelled otherwise",
        edited(ClaimOrder._proven, "if bare_number(one.number) == bare_number(self.number)", "if one.number"),
        "accounts/test_order_facts.py::test_a_fact_is_of_the_number_that_was_typed",
    ),
    fault(
        "claim_order",
        "each spelling of a number has tries of its own",
        edited(ClaimOrder.limits, "bare_number(self.number).upper()", "self.number"),
        "features/test_claim_order.py::test_every_spelling_is_a_try_at_the_same_order",
    ),
    fault(
        "claim_order",
        "a number that was typed exactly brings another one as well",
        edited(order.best_spelled, "if exact:", "if not orders:"),
        "features/test_claim_order.py::test_a_number_that_was_typed_exactly_is_meant",
    ),
    fault(
        "claim_order",
        "staff is not told that an order is under dispute",
        edited(ClaimWithEvidence._one, "if order.disputed:", "if order is None:"),
        "features/test_claim_order.py::TestEvidence::test_a_disputed_order_waits_for_the_end_of_the_dispute",
    ),
    fault(
        "claim_undo",
        "staff undoes a claim for no reason",
        edited(UndoClaim._claim, "not self.reason.strip()", "self.reason is None"),
        "features/test_claim_undo.py::TestClaimId::test_staff_says_why",
    ),
    fault(
        "claim_order",
        "a fact about one order brings another one of the same number",
        edited(ClaimOrder._proven, " and len(asked) == 1", ""),
        "accounts/test_order_facts.py::test_two_orders_of_one_number_cannot_be_told_apart",
    ),
    fault(
        "claim_undo",
        "who claimed orders and why is kept for ever",
        edited(retention.purges, "        Purge(Kept.CLAIMS, now - settings.claims_kept),\n", ""),
        "features/test_claim_undo.py::test_who_asked_and_why_is_forgotten_in_time",
    ),
    fault(
        "guest_address",
        "an order is rewritten after it has left",
        edited(guest_address._correctable, "order.shipments or order.status in LEFT", "False"),
        "features/test_guest_address.py::TestCorrectGuestAddress::test_what_has_left_stays",
    ),
    fault(
        "guest_order",
        "an order stays with an account that ended meanwhile",
        edited(guest_order.held, "() if record is None", "() if True"),
        "test_overtaken.py::test_an_order_is_recorded_as_if_its_account_ended_later",
    ),
    fault(
        "guest_order",
        "an order is refused because its account ends meanwhile",
        edited(guest_order.held, ", otherwise=otherwise)", ")"),
        "test_overtaken.py::test_an_order_is_recorded_as_if_its_account_ended_later",
    ),
    fault(
        "bounce",
        "the provider's words are kept with the address in them",
        edited(RecordBounce.decide, "masked_within(self.reason)", "self.reason"),
        "features/test_bounce.py::test_keeps_no_address",
    ),
    fault(
        "lookup",
        "what an agent types into the reason stands in the trail in clear",
        edited(lookup.Lookup._noted, "masked_within(self.reason)", "self.reason"),
        "features/test_lookup.py::TestTheTrail::test_names_nobody_in_clear",
    ),
    fault(
        "lookup",
        "an order leads to whoever has the address that was mistyped with it",
        edited(lookup._orders_of, "one.owner is None and ", ""),
        "features/test_lookup.py::TestByOrder::test_a_customers_order",
    ),
    fault(
        "lookup",
        "earlier secrets are not tried",
        edited(address_digests, ", *settings.old_secrets.values()", ","),
        "features/test_lookup.py::TestByAddress::test_a_new_secret_hides_nothing",
    ),
    fault(
        "history",
        "a page begins with the last entry of the page before",
        edited(page_of, "place < after", "place <= after"),
        "test_lookup_properties.py::test_pages_are_the_whole_timeline",
    ),
    fault(
        "history",
        "a database leaves out what happened at the same time as the last entry",
        edited(reading_history._after, "tie == _EARLIER", "tie == 7"),
        "test_lookup_properties.py::test_pages_are_the_whole_timeline",
    ),
    fault(
        "timeline",
        "a mail server's words are shown with the address in them",
        edited(timeline._mail, "masked_within(one.reply)", "one.reply"),
        "features/test_lookup.py::TestMails::test_how_mails_stand",
        "test_lookup_properties.py::test_nobody_is_in_it_in_clear",
    ),
    fault(
        "order_tracking",
        "a customer hears of the parcel only where the order was mistyped",
        edited(order_tracking._tracking_mails, "owner.email_key != order.email_key", "False"),
        "features/test_order_tracking.py::TestRecordShipment::test_an_account_is_told_where_it_is_at_home_too",
    ),
    fault(
        "tracking_resend",
        "a repeat mails once more",
        edited(ResendTracking._mails, "evolve(mail, id=own_id)", "mail"),
        "features/test_tracking_resend.py::test_a_repeat_mails_nothing_more",
    ),
    fault(
        "account_merge",
        "the link works in any session",
        edited(merge_parties.by_link, "link.account.id != actor.account_id", "False"),
        "features/test_account_merge.py::TestByTheCustomer::test_the_link_alone_is_not_enough",
    ),
    fault(
        "merge_changes",
        "orders are handed on before the merge that they came through",
        edited(
            merge_changes.merge_changes,
            "*_earlier_merges(plan, facts),\n        *_orders(plan, merge_id, facts, env, actor, reason),",
            "*_orders(plan, merge_id, facts, env, actor, reason),\n        *_earlier_merges(plan, facts),",
        ),
        "test_merge_waits.py::test_a_further_merge_waits_and_takes_the_order_along",
    ),
    fault(
        "merge_rules",
        "a merge widens a consent",
        edited(merge_rules.MergePlan.ends_newsletter, "return ended and", "return not ended and"),
        "features/test_account_merge.py::TestRules::test_consent_is_never_widened",
    ),
    fault(
        "merge_changes",
        "sign-ins that staff moves work at once",
        edited(
            merge_changes.merge_changes, "approved=one.approved and not by_staff", "approved=one.approved"
        ),
        "features/test_account_merge.py::TestRules::test_by_staff_sign_ins_wait_for_their_owner",
    ),
    fault(
        "account_merge_undo",
        "claims stay with the surviving account",
        edited(merge_undo_changes.claims_back, "if before is not None:", "if before is False:"),
        "features/test_account_merge_undo.py::test_undo_is_exact",
    ),
    fault(
        "data_import",
        "an address that nobody proved becomes an account",
        edited(import_changes.BatchImport.customer, "elif row.proven:", "elif row.line:"),
        "features/test_data_import.py::TestCustomers::test_one_that_is_not_proven_is_left_out",
    ),
    fault(
        "data_import",
        "another customer under a known key is taken for the known one",
        edited(import_changes.BatchImport._again, "email.key in keys", "keys"),
        "features/test_data_import.py::TestCustomers::test_two_customers_under_one_key_are_told",
    ),
    fault(
        "data_import",
        "numbers of imported companies are never checked",
        edited(import_changes.BatchImport._checked, "vat_check(company, self.facts, self.env)", "[]"),
        "features/test_data_import.py::TestCustomers::test_a_company_comes_along_and_its_number_waits",
    ),
    fault(
        "password_reset",
        "an unknown address writes less than a known one, which takes less time",
        edited(
            RequestPasswordReset._mail,
            "return [*link_to_nobody(email, Purpose.RESET_PASSWORD, facts, env), mail]",
            "return [mail]",
        ),
        "features/test_password_reset.py::TestAsking::test_an_unknown_address_is_told_that_it_has_no_account",
    ),
    fault(
        "password_reset",
        "links that are mailed to nobody pile up, which those of an account do not",
        edited(link_to_nobody, "nobody_at(email.key, env)", "env.new_id()"),
        "features/test_password_reset.py::TestAsking::test_asking_again_and_again_writes_as_much_for_every_address",
    ),
    fault(
        "account_merge_undo",
        "an agent without the permission is told of a merge that was undone",
        edited(UndoMerge._done, "not_permitted(AgentTask.MERGE_ACCOUNTS, env, actor) is not None", "False"),
        "features/test_account_merge_undo.py::TestByStaff::test_what_was_done_is_told_to_those_who_may_do_it",
    ),
)
