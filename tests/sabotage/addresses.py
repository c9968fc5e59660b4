"""Faults of the rules about e-mail addresses and about telling nobody who has an account: EM and EN."""

from customer_accounts import email_suggestion
from customer_accounts.accounts import mail_delivery
from customer_accounts.adapters import memory_write
from customer_accounts.adapters.sql.stand_in import nobodys_branch
from customer_accounts.email_syntax import Mailbox, _ascii_domain, _is_forbidden, _lowered, _octets
from customer_accounts.features.email_change import RequestEmailChange
from customer_accounts.features.password_reset import RequestPasswordReset
from customer_accounts.features.pending_registration import confirmation_mail
from customer_accounts.features.registration import Register, ResendConfirmation
from customer_accounts.features.sign_in import SignIn
from customer_accounts.features.typed_email import email_key_of
from customer_accounts.hashing import Argon2Hasher
from tests.sabotage.fault import edited, fault, setting

_EMAIL = (
    fault(
        "EM-01",
        "invisible and control characters are let in",
        edited(_is_forbidden, 'unicodedata.category(character)[0] in "CZ" or ', ""),
        "test_email_address.py::test_what_is_more_or_less_than_one_mailbox_is_refused",
        "test_email_address.py::test_each_fault_has_its_reason",
    ),
    fault(
        "EM-02",
        "one entry makes its own key",
        edited(email_key_of, "EmailAddress.parse(typed).key", "EmailAddress.parse(typed).address"),
        "features/test_sign_in.py::TestSigningIn::test_finds_the_account_by_any_spelling_of_the_address",
    ),
    fault(
        "EM-03",
        "the storage lets two accounts have one address",
        edited(
            memory_write._save,
            "owner.id != record.id for owner in owners",
            "owner is None for owner in owners",
        ),
        "adapters/test_memory.py::TestMemoryStorage::test_an_address_has_one_account",
        "test_races.py::test_one_address_gets_one_account memory",
    ),
    fault(
        "EM-04",
        "local parts are case-folded, so that ß is ss",
        edited(_lowered, "local_part).lower()", "local_part).casefold()"),
        "test_email_address.py::test_distinct_mailboxes_have_distinct_keys",
    ),
    fault(
        "EM-05",
        "the link goes to the spelling that was typed",
        edited(
            RequestPasswordReset._mail,
            "reset_mail(account, facts, env)",
            "reset_mail(evolve(account, email=email.original), facts, env)",
        ),
        "features/test_password_reset.py::TestAsking::test_a_known_address_gets_a_link",
    ),
    fault(
        "EM-06",
        "the key keeps the domain as it was typed",
        edited(_ascii_domain, ").ascii_domain", ') and address.partition("@")[2].lower()'),
        "test_email_address.py::test_spellings_of_one_mailbox_share_a_key",
    ),
    fault(
        "EM-07",
        "mail goes to the lowered spelling",
        edited(Mailbox.address, "self.local_part", "_lowered(self.local_part)"),
        "test_email_address.py::test_the_normal_form_of_one_address",
    ),
    fault(
        "EM-08",
        "characters are counted instead of octets",
        edited(
            _octets,
            "len(local_part.encode()), len(_lowered(local_part).encode())",
            "len(local_part), 0",
        ),
        "test_email_address.py::test_the_local_part_ends_at_64_octets",
    ),
    fault(
        "EM-09",
        "a name server decides whether an address can be read",
        edited(_ascii_domain, "check_deliverability=False", "check_deliverability=True"),
        "test_email_address.py::test_no_name_server_is_asked",
    ),
    fault(
        "EM-10",
        "long names may hold one error only",
        setting(email_suggestion, "_LONG_NAME", 70),
        "test_email_suggestion.py::test_the_typos_of_the_french_market_are_found",
        "test_email_suggestion.py::test_what_is_suggested",
    ),
    fault(
        "EM-12",
        "the old mailbox hears nothing of a request",
        edited(RequestEmailChange.decide, "            warning,\n", ""),
        "features/test_email_change.py::TestAsking::test_writes_to_both_mailboxes_and_changes_nothing",
    ),
)

_ENUMERATION = (
    fault(
        "EN-01",
        "a known address is told so",
        edited(
            Register.decide,
            "        changes = begin(",
            "        if facts.account_at(email.key) is not None:\n"
            "            return refuse(Reason.ALREADY_DONE)\n"
            "        changes = begin(",
        ),
        "test_enumeration.py::test_registering_looks_the_same",
    ),
    fault(
        "EN-02",
        "the owner hears nothing of a registration of the own address",
        edited(
            confirmation_mail,
            "            mail_to_account(env, MailPurpose.ALREADY_REGISTERED, owner),\n",
            "",
        ),
        "features/test_registration.py::TestRegister::test_tells_the_owner_of_a_known_address",
    ),
    fault(
        "EN-03",
        "an unknown address costs no computation",
        edited(
            SignIn.decide,
            "        stored = None if",
            "        if account is None:\n            return _failed(env, actor, email.original, None)\n"
            "        stored = None if",
        ),
        "test_enumeration.py::test_signing_in_with_a_wrong_password_looks_the_same",
    ),
    fault(
        "EN-04",
        "the stand-in for a hash has costs of its own",
        edited(Argon2Hasher.__init__, "m={parameters.memory},t={parameters.rounds}", "m=8,t=1"),
        "test_hashing.py::test_the_stand_in_costs_what_the_settings_say",
    ),
    fault(
        "EN-05",
        "nothing is read where there is no account",
        edited(nobodys_branch, "if not (shape.alike", "if shape.parts or not (shape.alike"),
        "adapters/test_sql_stand_in.py::test_is_read_where_nobody_has_the_address",
    ),
    fault(
        "EN-06",
        "a mailer that fails reaches the caller",
        edited(
            mail_delivery.failed,
            "    attempts = task.mail",
            "    if not isinstance(error, MailError):\n        raise error\n    attempts = task.mail",
        ),
        "accounts/test_runners.py::TestMail::test_tries_again_later sync",
    ),
    fault(
        "EN-07",
        "nothing is written where nothing waits",
        edited(
            ResendConfirmation.decide, "self.locale), changes)", "self.locale), changes if waiting else ())"
        ),
        "test_enumeration.py::test_asking_for_the_confirmation_again_looks_the_same",
    ),
)

ADDRESSES = (*_EMAIL, *_ENUMERATION)
