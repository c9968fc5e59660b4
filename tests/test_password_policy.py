"""The password policy: boundaries, Unicode, context words, texts."""

import pickle
import tomllib
import unicodedata
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts import common_passwords, password_policy
from customer_accounts.password_policy import (
    MAXIMUM_BYTES,
    SHOP,
    STRICT,
    BreachCheck,
    PasswordFault,
    PasswordPolicy,
    PasswordProblem,
    prepare,
    unhashable,
)
from customer_accounts.refusals import Reason

STRONG = "kw7Rz!q2Mxv9Tg4b"
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)


def fault(password: str, *context: str, policy: PasswordPolicy = SHOP) -> PasswordFault | None:
    """Return only the code of the problem."""
    problem = policy.problem(password, context)
    return problem.code if problem else None


@pytest.mark.parametrize(
    ("policy", "password", "expected"),
    [
        (SHOP, STRONG[:7], PasswordFault.TOO_SHORT),
        (SHOP, STRONG[:8], None),
        (STRICT, STRONG[:14], PasswordFault.TOO_SHORT),
        (STRICT, STRONG[:15], None),
        (SHOP, "", PasswordFault.EMPTY),
        (SHOP, "😀k7ñ私Ωz", PasswordFault.TOO_SHORT),
        (SHOP, "😀k7ñ私Ωzq", None),
    ],
)
def test_the_minimum_is_counted_in_code_points(
    policy: PasswordPolicy, password: str, expected: PasswordFault | None
) -> None:
    """PW-01: 7 and 14 code points are too few, 8 and 15 are enough, however many bytes they take."""
    assert fault(password, policy=policy) == expected


def test_decomposed_accents_count_as_one() -> None:
    """PW-01, PW-05: the minimum is counted after NFC."""
    assert fault(unicodedata.normalize("NFD", "éàüñçôw")) is PasswordFault.TOO_SHORT
    assert fault(unicodedata.normalize("NFD", "éàüñçôwk")) is None


def test_the_floor_cannot_be_lowered() -> None:
    """PW-01: no profile goes below 8."""
    with pytest.raises(ValueError, match="at least 8"):
        PasswordPolicy("weak", 7)
    assert PasswordPolicy("own", 12).minimum == 12


def test_profiles_are_named_data() -> None:
    """PW-01: `shop` asks for 8, `strict` for 15; a policy holds nothing secret and may be pickled."""
    assert (SHOP.name, SHOP.minimum, STRICT.name, STRICT.minimum) == ("shop", 8, "strict", 15)
    assert pickle.loads(pickle.dumps(STRICT)) == STRICT


@given(UNICODE)
def test_nothing_is_asked_of_the_composition(text: str) -> None:
    """PW-04: any Unicode text, spaces and NUL included, may follow or precede a strong beginning."""
    assert fault(STRONG + text) is None
    assert fault(text + STRONG) is None


@pytest.mark.parametrize(
    "password", ["correct horse battery", "kdfwrtmbzx", "48210583", "  zq vk\0 m", "K" + "Ω私" * 9 + "x"]
)
def test_one_kind_of_character_is_enough(password: str) -> None:
    """PW-04: letters alone, digits alone, spaces at the ends and NUL are all accepted."""
    assert fault(password) is None


@pytest.mark.parametrize("length", [64, 128, 1_000])
def test_long_phrases_are_accepted(length: int) -> None:
    """PW-02: 64 characters and far more are allowed."""
    phrase = "".join(chr(0x21 + (position * 37 + position // 94) % 94) for position in range(length))
    assert fault(phrase) is None


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("kw7Rz!q2" * 128, None),
        ("kw7Rz!q2" * 128 + "x", PasswordFault.TOO_LONG),
        ("éà" * 256, None),
        (unicodedata.normalize("NFD", "éàüñ" * 128), None),
        ("éà" * 256 + "é", PasswordFault.TOO_LONG),
        ("x" * 1_000_000, PasswordFault.TOO_LONG),
        ("\ud800" * 1_000_000, PasswordFault.TOO_LONG),
    ],
    ids=["1024", "1025", "two-byte", "decomposed", "two-byte over", "megabyte", "surrogates"],
)
def test_the_upper_bound_is_counted_in_bytes_of_nfc(password: str, expected: PasswordFault | None) -> None:
    """PW-03, PW-05: 1,024 bytes pass, 1,025 do not; a decomposed spelling is measured as the composed one."""
    assert unhashable(password) == expected


def test_a_megabyte_is_refused_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """PW-03: neither normalisation nor the blocklist nor the context is reached by 1 MB."""

    def reached(*_: object) -> str:
        raise AssertionError

    monkeypatch.setattr(password_policy, "unicodedata", None)
    monkeypatch.setattr(password_policy, "is_common", reached)
    monkeypatch.setattr(password_policy, "fold", reached)
    monkeypatch.setattr(common_passwords, "entries", reached)
    huge = "é" * 1_000_000
    assert fault(huge, "Demo Shop") is PasswordFault.TOO_LONG
    assert prepare(huge) is huge


def test_no_text_within_the_byte_limit_is_too_long_in_another_spelling() -> None:
    """PW-03, PW-05: one byte of NFC makes at most two code points of NFD, so the early bound is safe."""
    for number in range(0x110000):
        composed = unicodedata.normalize("NFC", chr(number))
        if not 0xD800 <= number <= 0xDFFF:
            assert len(unicodedata.normalize("NFD", composed)) <= 2 * len(composed.encode())
    assert MAXIMUM_BYTES == 1_024


@given(st.text(max_size=60))
def test_nfc_is_the_only_normalisation(text: str) -> None:
    """PW-05: the prepared form is NFC, whatever spelling was typed, and nothing but that."""
    prepared = prepare(text)
    assert prepared == unicodedata.normalize("NFC", text)
    assert prepare(unicodedata.normalize("NFD", text)) == unicodedata.normalize(
        "NFC", unicodedata.normalize("NFD", text)
    )


@pytest.mark.parametrize("spelled", ["ﬁﬁﬁﬁ", "\uff2b\uff17", " k ", "K"])
def test_compatibility_forms_spaces_and_case_are_kept(spelled: str) -> None:
    """PW-02, PW-05: no NFKC, no trimming, no change of case."""
    assert prepare(spelled) == spelled


@pytest.mark.parametrize("password", ["\ud800" + STRONG, STRONG + "\udfff", "\udc80" * 20])
def test_a_lone_surrogate_is_a_problem_and_no_exception(password: str) -> None:
    """PW-04, PW-09: text that UTF-8 cannot write is called malformed."""
    assert fault(password) is PasswordFault.MALFORMED


CONTEXT = ("Demo Shop", "anna.martin85@bücher-ecke.example", "Anna Martin-Lefèvre")


@pytest.mark.parametrize(
    "password",
    [
        "demoshop2024", "Demo-Shop!", "DEMOSHOP1", "annamartin", "martin85anna", "4nn4m4rt1n!", "Lefevre123",
        "lefèvreanna", "bucherecke77", "Bücher#2024", "demopassword", "martin12345678",
        "xxannaxx", "85anna85", "d3m0sh0p99",
    ],
)  # fmt: skip
def test_context_words_count_for_nothing(password: str) -> None:
    """PW-07: the shop, the parts of the e-mail address and the name make no password, however written."""
    assert fault(password, *CONTEXT) is PasswordFault.CONTAINS_CONTEXT


@pytest.mark.parametrize(
    "password",
    ["Johanna ging gestern baden", "anna" + STRONG, "demo" + STRONG[:8], "grünes velo im regen", "kxbo7qwz"],
)
def test_a_context_word_in_a_long_phrase_does_no_harm(password: str) -> None:
    """PW-07: what is left is long enough by itself, so the phrase stands."""
    assert fault(password, *CONTEXT, "Bo", "") is None


def test_the_strict_profile_wants_its_minimum_without_the_context() -> None:
    """PW-01, PW-07: 15 code points must be left in the strict profile."""
    assert fault("anna" + STRONG[:14], *CONTEXT, policy=STRICT) is PasswordFault.CONTAINS_CONTEXT
    assert fault("anna" + STRONG[:15], *CONTEXT, policy=STRICT) is None


@pytest.mark.parametrize(
    "password",
    ["Password2024!!!", "123456789012345", "aaaaaaaaaaaaaaa", "motdepasse12345", "qwertzuiopasdfg"],
)
def test_common_passwords_of_the_strict_length_are_refused(password: str) -> None:
    """PW-06: length alone does not carry a common password into the strict profile."""
    assert fault(password, policy=STRICT) is PasswordFault.TOO_COMMON


def test_a_decomposed_common_password_is_common() -> None:
    """PW-05, PW-06: the blocklist sees through the spelling of an accent."""
    assert fault(unicodedata.normalize("NFD", "Chérie2024!")) is PasswordFault.TOO_COMMON


def test_a_breached_password_is_refused_and_an_outage_refuses_none() -> None:
    """PW-08: only FOUND refuses; the check fails open, and the policy's own faults come first."""
    assert SHOP.problem(STRONG, breach=BreachCheck.FOUND) == PasswordProblem(PasswordFault.BREACHED, 8)
    assert SHOP.problem(STRONG, breach=BreachCheck.UNAVAILABLE) is None
    assert SHOP.problem(STRONG, breach=BreachCheck.NOT_FOUND) is None
    assert SHOP.problem("short", breach=BreachCheck.FOUND) == PasswordProblem(PasswordFault.TOO_SHORT, 8)


@pytest.mark.parametrize("code", PasswordFault)
@pytest.mark.parametrize("locale", ["fr", "de", "en"])
def test_every_fault_has_a_text_and_an_advice(code: PasswordFault, locale: str) -> None:
    """PW-09: each code is explained in three languages, and has its public reason."""
    problem = PasswordProblem(code, 15)
    assert problem.text(locale).endswith(".")
    assert problem.advice(locale).endswith(".")
    assert "{" not in problem.text(locale) + problem.advice(locale)
    assert Reason(f"password_{code}")


def test_texts_differ_by_language_and_none_is_left_over() -> None:
    """PW-09: no text is a copy of another language's, and each belongs to a fault; the minimum is told."""
    raw = resources.files("customer_accounts").joinpath("texts", "password_policy.toml").read_text("utf-8")
    texts = tomllib.loads(raw)
    assert set(texts) == {name for code in PasswordFault for name in (code.value, f"{code}_advice")}
    assert all(len({*by_language.values()}) == 3 for by_language in texts.values())
    assert PasswordProblem(PasswordFault.TOO_SHORT, 15).text("fr-CH") == (
        "Le mot de passe doit comporter au moins 15 caractères."
    )
    assert "15" in PasswordProblem(PasswordFault.TOO_SHORT, 15).text("it")


@settings(max_examples=50)
@given(UNICODE)
def test_a_problem_holds_nothing_of_the_password(text: str) -> None:
    """LG-01, PW-09: the same fault gives the same value, whatever was typed."""
    problem = SHOP.problem(text[:7])
    assert problem in {PasswordProblem(PasswordFault.EMPTY, 8), PasswordProblem(PasswordFault.TOO_SHORT, 8)}
