"""Faults of the rules about VAT numbers that no single promise names: the register, the evidence, late answers."""

from customer_accounts.accounts import vat_asking, vat_checks
from customer_accounts.accounts.vat_checkout import CheckedVatNumber
from customer_accounts.adapters.memory_write import _purge
from customer_accounts.adapters.sql.migrations.running import is_missing_file
from customer_accounts.adapters.vies_traffic import Traffic
from customer_accounts.cli import vat_bulk, vat_order
from customer_accounts.cli.vat_input import register_at
from customer_accounts.features import late_confirmation, vat_correction, vat_keeping, vat_queue
from customer_accounts.features.order_vat import RecordOrderVat
from customer_accounts.features.vat_checkup import PrepareVatCheck
from customer_accounts.features.vat_correction import ApproveVatCorrection
from customer_accounts.features.vat_evidence import AddVatEvidence
from customer_accounts.features.vat_pause import is_paused, paused_by
from customer_accounts.vat.charged import _rounding, rates_explain
from customer_accounts.vat.prices import correction
from customer_accounts.vat.situation import _scheme
from tests.sabotage.fault import Fault, edited, fault

VAT: tuple[Fault, ...] = (
    fault(
        "VAT-block",
        "a block ends by itself",
        edited(is_paused, "pause.until is None or now < pause.until", "pause.until and now < pause.until"),
        "features/test_vat_pause.py::test_a_blocked_shop_raises_the_alarm_once",
    ),
    fault(
        "VAT-alarm",
        "a block raises no alarm",
        edited(paused_by, "EventKind.VAT_REGISTER_BLOCKED", "EventKind.VAT_ANSWERED"),
        "features/test_vat_pause.py::test_a_blocked_shop_raises_the_alarm_once",
    ),
    fault(
        "VAT-doubt",
        "a no of a failing state is believed",
        edited(vat_queue.doubts, "return doubtful and once", "return False and once"),
        "features/test_late_confirmation.py::test_a_no_of_a_failing_state_is_doubted_once",
        "accounts/test_vat_checks.py::test_a_no_of_a_failing_state_is_asked_again_once",
    ),
    fault(
        "VAT-late",
        "a yes counts for a day of supply however late it comes",
        edited(
            late_confirmation.is_in_time, "env.settings.late_valid_within", "env.settings.vat_evidence_kept"
        ),
        "features/test_late_confirmation.py::test_otherwise_vat_stays_charged",
    ),
    fault(
        "VAT-told",
        "an order that was not confirmed is corrected",
        edited(
            ApproveVatCorrection.decide, "taxed.state is not OrderVatState.CONFIRMED_LATE", "not taxed.number"
        ),
        "features/test_vat_correction.py::test_what_was_not_confirmed_is_not_corrected",
    ),
    fault(
        "VAT-day",
        "a document of another day counts",
        edited(AddVatEvidence.decide, "self.valid_on != taxed.supplied_on", "self.valid_on is None"),
        "features/test_vat_evidence.py::TestAdding::test_refusals",
    ),
    fault(
        "VAT-rewritten",
        "another decision is answered as if it were the first",
        edited(RecordOrderVat.decide, "if same else", "if same or True else"),
        "features/test_order_vat.py::test_the_decision_of_the_day_is_never_rewritten",
    ),
    fault(
        "VAT-amounts",
        "amounts of the whole order are taken for those of the lines that wait",
        edited(rates_explain, "vat <= net * highest / _HUNDRED + slack", "vat"),
        "features/test_order_vat.py::test_amounts_that_no_rate_explains_are_refused",
        "vat/test_charged.py",
    ),
    fault(
        "VAT-rounding",
        "an order is refused for how its host rounds",
        edited(_rounding, "unit * (2 + rate / _HUNDRED)", "unit / 2"),
        "features/test_order_vat.py::test_rounding_explains_an_amount",
        "vat/test_charged.py::test_rounding_never_refuses_an_order",
    ),
    fault(
        "VAT-free",
        "a free order is told of a refund of 0.00",
        edited(ApproveVatCorrection.decide, " if late.refund else ()", ""),
        "features/test_vat_correction.py::test_a_free_order_is_corrected_without_a_mail",
    ),
    fault(
        "VAT-again",
        "a file that was decided gets its columns twice",
        edited(vat_bulk._names, "for name in added if name in names", "for name in added if name in ()"),
        "cli/test_vat_bulk.py::test_a_file_that_was_decided_is_not_decided_again",
    ),
    fault(
        "VAT-pickup",
        "a destination beside goods that are handed over is not looked at",
        edited(vat_order._check_pickup, "start.territory != end.territory", "start.territory is None"),
        "cli/test_vat.py::TestDecide::test_what_cannot_be_ends_the_command",
    ),
    fault(
        "VAT-typo",
        "a mistyped name of a database makes an empty one",
        edited(is_missing_file, "not Path(url.database).exists()", "False"),
        "cli/test_vat_recheck.py::test_a_database_that_is_not_there_is_not_made",
        "cli/test_db.py::test_a_database_that_is_not_there_is_not_made",
    ),
    fault(
        "VAT-blank",
        "a consumer who leaves the field for the number blank is taxed as a business",
        edited(CheckedVatNumber.buyer, "typed if is_business is None", "True if is_business is None"),
        "accounts/test_vat_checkout.py::test_a_field_that_was_left_blank_makes_nobody_a_business",
    ),
    fault(
        "VAT-home",
        "a shop is warned that it cannot declare the VAT of its own state",
        edited(_scheme, "state == seller.country", "False"),
        "vat/test_decide.py::test_a_sale_home_from_a_foreign_warehouse_needs_no_other_registration",
    ),
    fault(
        "VAT-refund",
        "a late exemption pays back another amount than the VAT that was charged",
        edited(correction, "if was.rate and not now.rate else found", "if was.rate and now.rate else found"),
        "vat/test_prices.py::test_a_correction_agrees_with_the_late_confirmation",
        "vat/test_prices.py::test_a_late_confirmation_gives_back_the_vat",
    ),
    fault(
        "VAT-bulk",
        "a finished file with bad rows looks as if all were well",
        edited(vat_bulk._done_before, "bool(row[-1])", "False"),
        "cli/test_vat_bulk.py::test_a_finished_file_with_bad_rows_stays_open",
    ),
    fault(
        "VAT-rehearsal",
        "a rehearsal asks the real register",
        edited(register_at, "base_url=url, test_service=test_service", "base_url=url"),
        "cli/test_vat_recheck.py::test_a_rehearsal_asks_another_address",
    ),
    fault(
        "VAT-part",
        "the mail says of a mixed order that all of it is free of VAT",
        edited(vat_correction._is_whole, "not any(", "any("),
        "features/test_vat_correction.py::test_the_mail_speaks_of_the_part_that_is_corrected",
    ),
    fault(
        "VAT-kept",
        "a clear answer like the one before is not kept",
        edited(
            vat_keeping.kept_already, "if answer.status is not VatStatus.UNVERIFIED:", "if not answer.code:"
        ),
        "features/test_vat_evidence.py::TestKeeping::test_an_outage_is_kept_once_a_day_and_kind",
    ),
    fault(
        "VAT-named",
        "evidence is purged although an order names it",
        edited(_purge, "one.checked_at < before and one.id not in kept_by", "one.checked_at < before"),
        "adapters/test_memory.py::TestMemoryStorage::test_what_was_kept_long_enough_is_purged",
    ),
    fault(
        "VAT-once",
        "a number that was answered meanwhile is asked again",
        edited(
            PrepareVatCheck.decide, "waiting is None or waiting.version != self.leased", "waiting is None"
        ),
        "features/test_vat_checkup.py::test_a_number_that_was_answered_meanwhile_is_not_asked",
    ),
    fault(
        "VAT-hang",
        "a register that hangs costs a thread each time",
        edited(vat_asking.Asking.ask, "len(self._flights) >= self._most", "len(self._flights) < 0"),
        "accounts/test_vat_checkout.py::TestThreads::test_a_hanging_register_costs_a_bounded_number_of_threads",
    ),
    fault(
        "VAT-limit",
        "a state is asked as often at once as anybody likes",
        edited(Traffic.enter, "state.under_way >= limit.at_once", "state.under_way < 0"),
        "adapters/test_vies_traffic.py::TestLimits",
        "adapters/test_vies_traffic.py::test_sixteen_threads_keep_the_limit_of_each_state",
    ),
    fault(
        "VAT-other",
        "an answer that our side did not ask for is recorded",
        edited(vat_checks.Doubts.recording, "answer.number != number", "not number"),
        "accounts/test_vat_checks.py::test_an_answer_about_another_number_is_none",
    ),
)
