"""Faults of the rules about passwords: PW-01 to PW-13, GEN-01 to GEN-03, HS-01 to HS-08."""

from customer_accounts import generated_password
from customer_accounts.accounts import Accounts
from customer_accounts.adapters import breached
from customer_accounts.common_passwords import is_common
from customer_accounts.features.account_opening import _new_account
from customer_accounts.features.new_password import password_refusal
from customer_accounts.features.password import ChangePassword
from customer_accounts.features.password_reset import ResetPassword
from customer_accounts.features.reauthentication import not_proven
from customer_accounts.features.sign_in import SignIn
from customer_accounts.features.support import ConvertGuest
from customer_accounts.hashing import Argon2Hasher, Argon2Parameters
from customer_accounts.password_policy import PasswordPolicy, PasswordProblem, _not_below_floor, prepare
from customer_accounts.stored_hash import Argon2Hash, read_argon2
from tests.sabotage.fault import edited, fault, setting

_POLICY = (
    fault(
        "PW-01",
        "a profile may ask for seven",
        edited(_not_below_floor, "minimum < FLOOR", "minimum < FLOOR - 1"),
        "test_password_policy.py::test_the_floor_cannot_be_lowered",
    ),
    fault(
        "PW-02",
        "blanks around a password do not count",
        edited(prepare, "        return password\n", "        return password.strip()\n"),
        "test_hashing.py::test_nothing_is_truncated",
    ),
    fault(
        "PW-03",
        "a huge password is refused only after the work",
        edited(Argon2Hasher.verify, "fault is PasswordFault.TOO_LONG", "fault is PasswordFault.EMPTY"),
        "test_hashing.py::test_a_password_over_the_limit_costs_nothing",
    ),
    fault(
        "PW-04",
        "letters alone are too weak",
        edited(
            PasswordPolicy._weakness,
            "len(prepared) < self.minimum:\n            return PasswordFault.TOO_SHORT",
            "len(prepared) < self.minimum or prepared.isalpha():\n            return PasswordFault.TOO_SHORT",
        ),
        "test_password_policy.py::test_one_kind_of_character_is_enough",
    ),
    fault(
        "PW-05",
        "passwords are made compatible, so that others fit too",
        edited(prepare, '"NFC"', '"NFKC"'),
        "test_password_policy.py::test_compatibility_forms_spaces_and_case_are_kept",
    ),
    fault(
        "PW-06",
        "only the very entries of the list are common",
        edited(is_common, "covered(fold(password), entries())", "fold(password) in entries()"),
        "test_common_passwords.py::test_a_stem_stays_common_with_ornaments",
    ),
    fault(
        "PW-07",
        "the address is no context",
        edited(password_refusal, "(email, *names", "(*names"),
        "features/test_new_password.py::test_no_password_is_made_of_what_the_shop_knows",
    ),
    fault(
        "PW-08",
        "ten characters of the digest leave the house",
        setting(breached, "_PREFIX", 10),
        "adapters/test_breached.py::test_five_characters_leave_and_padding_is_asked_for",
    ),
    fault(
        "PW-09",
        "the reason is given instead of the advice",
        edited(
            PasswordProblem.advice, 'f"{self.code}_advice", locale', "self.code, locale, minimum=self.minimum"
        ),
        "features/test_new_password.py::test_advice_is_not_the_reason",
        "test_password_policy.py::test_every_fault_has_a_text_and_an_advice",
    ),
    fault(
        "PW-10",
        "a wrong current password is as good as a right one",
        edited(not_proven, "if answer.ok:", "if answer.recognised:"),
        "features/test_password.py::TestRefusals::test_the_current_password_must_be_right",
    ),
    fault(
        "PW-11",
        "a registration takes a hint",
        lambda: SignIn.model_fields.update(password_hint=SignIn.model_fields["password"]),
        "test_docs.py::test_there_are_no_hints_questions_or_expiry_of_passwords",
    ),
    fault(
        "PW-12",
        "a reset takes any password",
        edited(ResetPassword.decide, "refusal = None if self.generate_password else", "refusal = None and"),
        "features/test_new_password.py::test_no_password_is_made_of_what_the_shop_knows reset",
    ),
    fault(
        "PW-13",
        "staff may use the link that sets a password",
        setting(ResetPassword, "actors", (*ResetPassword.actors, *ConvertGuest.actors)),
        "features/test_password.py::test_staff_sets_no_password",
    ),
)

_GENERATED = (
    fault(
        "GEN-01",
        "the first letters are likelier",
        setting(generated_password, "_UNBIASED", 256),
        "test_generated_password.py::test_bytes_that_would_bias_the_letters_are_thrown_away",
    ),
    fault(
        "GEN-02",
        "the generated password goes along with the mail",
        edited(
            ChangePassword.decide,
            "mail_to_account(env, MailPurpose.PASSWORD_CHANGED, new)",
            "mail_to_account(env, MailPurpose.PASSWORD_CHANGED, new, password=password)",
        ),
        "test_canary.py",
    ),
    fault(
        "GEN-03",
        "the strict profile forgets that a password was generated",
        edited(_new_account, "opening.password_generated and env.settings.must_change_generated", "False"),
        "features/test_email_confirmation.py::TestSameBrowser::test_strict_profile_wants_the_generated_one_changed",
    ),
)

_HASHES = (
    fault(
        "HS-01",
        "little memory is fine with enough rounds",
        edited(Argon2Parameters.weak, " or self.rounds", " and self.rounds"),
        "test_hashing.py::test_weaker_parameters_are_refused_outside_tests",
    ),
    fault(
        "HS-02",
        "hashes of earlier shops are not read",
        edited(Argon2Hasher._scheme_of, "ours or read_legacy(stored, self._legacy)", "ours"),
        "adapters/test_legacy_hashes.py::test_the_hasher_replaces_them",
    ),
    fault(
        "HS-03",
        "an old hash is never replaced",
        edited(SignIn.decide, "if answer.needs_rehash else ()", "if not answer.ok else ()"),
        "features/test_sign_in.py::TestRehash::test_replaces_a_hash_on_old_parameters",
    ),
    fault(
        "HS-04",
        "a rehash that cannot be stored fails the sign-in",
        edited(
            Accounts._write_afterwards,
            "self._around.announce([steps.afterwards_failed(by, env)])",
            "raise",
        ),
        "features/test_sign_in.py::TestRehash::test_may_fail_without_failing_the_sign_in",
    ),
    fault(
        "HS-05",
        "twice as many computations run at once",
        edited(Argon2Hasher.__init__, "ComputingThreads(slots, ", "ComputingThreads(2 * slots, "),
        "test_hashing.py::test_no_more_computations_than_cores_run_at_once",
    ),
    fault(
        "HS-06",
        "what stands in for an empty password verifies",
        edited(Argon2Hasher._compared, "answer is True and fault is None", "answer is True"),
        "test_hashing.py::test_the_empty_password_never_verifies",
    ),
    fault(
        "HS-07",
        "a hash that cannot be computed is an exception",
        edited(Argon2Hash.answer, "(VerificationError, InvalidHashError)", "InvalidHashError"),
        "test_hashing.py::test_every_answer_costs_one_computation",
        "test_hashing.py::test_what_looks_like_a_hash_is_no_exception_either",
    ),
    fault(
        "HS-08",
        "hashes under an old pepper stay for ever",
        edited(read_argon2, "pepper is not current or ", ""),
        "test_hashing.py::TestPepper::test_an_old_key_and_no_key_verify_and_ask_for_a_rehash",
    ),
)

PASSWORDS = (*_POLICY, *_GENERATED, *_HASHES)
