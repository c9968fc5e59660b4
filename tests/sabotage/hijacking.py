"""Faults of the rules against pre-hijacking: the nine scenarios PH1–PH9, and PH-01 to PH-10."""

from customer_accounts.features.account_opening import without_rivals
from customer_accounts.features.claiming import claimant_of
from customer_accounts.features.email_change import ConfirmEmailChange, RequestEmailChange, with_address
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.identity import VerifiedIdentity, _literally_true
from customer_accounts.features.identity_approval import disarmed, password_changed_mail
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.pending_registration import one_to_replace, room_for_one_more
from customer_accounts.features.registration import Register
from customer_accounts.features.revocation import links_after_use, sessions_ended
from customer_accounts.features.social_sign_in import SignInWithIdentity
from tests.sabotage.fault import edited, fault

_STORY = "test_pre_hijacking.py::"

SCENARIOS = (
    fault(
        "PH1",
        "the first proof leaves the registrations of others alone",
        edited(
            without_rivals,
            "one.email_key == email_key and one.id != won]\n    stale",
            "one.id == won]\n    stale",
        ),
        _STORY + "test_classic_federated_merge",
    ),
    fault(
        "PH2",
        "a reset ends no session",
        edited(sessions_ended, "account.session_epoch + 1", "account.session_epoch"),
        _STORY + "test_unexpired_session",
    ),
    fault(
        "PH3",
        "the quarantine holds for old links instead of young ones",
        edited(disarmed, "one.linked_at >= since", "one.linked_at < since"),
        _STORY + "test_trojan_identifier",
    ),
    fault(
        "PH4",
        "a reset leaves the links of the account alive",
        edited(links_after_use, ", *links_ended(facts, account, but=handled)", ""),
        _STORY + "test_unexpired_email_change",
    ),
    fault(
        "PH5",
        "whatever is truthy proves the address",
        edited(_literally_true, "value is True", "bool(value)"),
        _STORY + "test_non_verifying_provider",
    ),
    fault(
        "PH6",
        "a click in any browser arms the password of the registration",
        edited(ConfirmEmail._opening, "if here:\n", "if registration.password_hash:\n"),
        _STORY + "test_click_to_arm",
    ),
    fault(
        "PH7",
        "asking for an address brings its guest orders along",
        edited(
            RequestEmailChange.decide,
            "            warning,\n",
            '            warning, (_c := __import__("customer_accounts.changes").changes).MoveOrders('
            "_c.OrderSelection(email.key), account.id, env.new_id()),\n",
        ),
        _STORY + "test_guest_merge_by_a_change_of_address",
    ),
    fault(
        "PH8",
        "a new address takes the proof of the old one over",
        edited(with_address, "email_verified_at=env.now", "email_verified_at=account.email_verified_at"),
        _STORY + "test_sticky_verified",
    ),
    fault(
        "PH9",
        "an identity opens the account that has its address",
        edited(
            SignInWithIdentity.decide,
            "facts.account(linked.account_id)",
            "facts.account_at(self._key() or '') or facts.account(linked.account_id)",
        ),
        _STORY + "test_swapped_addresses",
    ),
)

HIJACKING = (
    *SCENARIOS,
    fault(
        "PH-01",
        "a proven change of address leaves the registrations of rivals",
        edited(without_rivals, "[*map(Remove, rivals), *map(Remove, stale)]", "[*map(Remove, stale)]"),
        "features/test_email_change.py::TestConfirming::test_deletes_what_rivals_set_up_for_the_new_address",
    ),
    fault(
        "PH-02",
        "registering opens an account at once",
        edited(
            Register.decide,
            "        return Decision(answer(",
            "        from customer_accounts.account import AccountRecord\n"
            "        from customer_accounts.changes import insert\n"
            "        changes.append(insert(AccountRecord(id=self.id, email=email.original, email_key=email.key,"
            " email_verified_at=None, created_at=env.now, password_hash=password_hash)))\n"
            "        return Decision(answer(",
        ),
        "features/test_sign_in.py::TestFailures::test_include_a_pending_registration_in_its_own_browser",
    ),
    fault(
        "PH-03",
        "a reset asks for approval and lets the young sign-ins work meanwhile",
        edited(password_changed_mail, "[*young, insert(token), mail]", "[insert(token), mail]"),
        "features/test_identity_approval.py::test_a_reset_disarms_what_was_linked_lately_and_lists_all",
    ),
    fault(
        "PH-04",
        "a second browser takes the registration of the first over",
        edited(one_to_replace, "one.browser == wanted.browser", "one.browser"),
        "features/test_registration.py::TestRegister::test_other_browsers_have_their_own",
    ),
    fault(
        "PH-05",
        "any password is good enough to arm the registration's",
        edited(
            ConfirmEmail._opening,
            "registration.password_hash).ok:",
            "registration.password_hash).recognised:",
        ),
        "features/test_email_confirmation.py::TestElsewhere::test_a_wrong_password_begins_nothing",
    ),
    fault(
        "PH-06",
        "a change of the password leaves the pending change of address alive",
        edited(ChangePassword.decide, "            *links_ended(facts, new),\n", ""),
        "features/test_password.py::TestChanging::test_kills_the_links_of_the_account",
    ),
    fault(
        "PH-07",
        "the provider need not say that it verified the address",
        edited(VerifiedIdentity.proves_mailbox, "and self.email_verified ", ""),
        "features/test_social_sign_in.py::TestUnprovenMailbox::test_is_also_what_google_does_not_vouch_for",
    ),
    fault(
        "PH-08",
        "an address that was never proven claims its orders",
        edited(claimant_of, " and account.email_verified_at is not None", ""),
        "features/test_guest_claim.py::test_nothing_without_proof",
    ),
    fault(
        "PH-09",
        "any number of registrations waits for one address",
        edited(room_for_one_more, "env.settings.registrations_per_address + 1", "len(waiting)"),
        "features/test_registration.py::TestRegister::test_the_oldest_of_too_many_goes",
    ),
    fault(
        "PH-10",
        "any browser confirms a change of address",
        edited(ConfirmEmailChange.decide, "asked_in(link.token, actor)", "actor.browser"),
        "hijack/test_invariant.py::test_all_short_sequences_keep_the_invariant wants",
    ),
)
