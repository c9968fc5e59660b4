"""Typing errors in e-mail addresses: what is suggested, and what is left alone."""

import csv
import string
from pathlib import Path

import pytest
from disposable_email_domains import blocklist
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts import email_suggestion
from customer_accounts.email_address import EmailAddress, suggest_correction
from customer_accounts.email_providers import LEFT_ALONE, SUGGESTED, UNUSED_ENDINGS

DATA = Path(__file__).parent / "data"
TYPED = (DATA / "email_typos.csv").read_text(encoding="utf-8").splitlines()
TYPOS = [(row["typed"], row["meant"]) for row in csv.DictReader(TYPED)]
PROVIDERS = (DATA / "email_providers.txt").read_text(encoding="utf-8").split()
KNOWN = sorted(
    LEFT_ALONE | {f"{label}.{ending}" for label, endings in SUGGESTED.items() for ending in endings.split()}
)


def test_the_typos_of_the_french_market_are_found() -> None:
    """EM-10, F06: at least 31 of 33 typing errors lead to the provider that was meant."""
    assert len(TYPOS) == 33
    wrong = [
        (typed, meant) for typed, meant in TYPOS if suggest_correction(f"anna@{typed}") != f"anna@{meant}"
    ]
    assert len(wrong) <= 2, wrong


def test_no_valid_provider_is_doubted() -> None:
    """EM-10: none of 53 providers in use gets a suggestion."""
    assert len(set(PROVIDERS)) == 53
    assert [domain for domain in PROVIDERS if suggest_correction(f"anna@{domain}")] == []


def test_existing_domains_are_rarely_doubted() -> None:
    """EM-10: at most 0.5 % of existing domains (every third of a public list) get a suggestion."""
    existing = sorted(blocklist)[::3]
    assert len(existing) > 1000
    doubted = [domain for domain in existing if suggest_correction(f"anna@{domain}")]
    assert len(doubted) <= 0.005 * len(existing), doubted


@pytest.mark.parametrize("domain", KNOWN)
def test_a_domain_of_our_own_lists_is_never_corrected(domain: str) -> None:
    """EM-10: what the data call real is left alone, in any case of its letters."""
    assert suggest_correction(f"anna@{domain}") is None
    assert suggest_correction(f" Anna@{domain.upper()} ") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@gmial.com", "a@gmail.com"),
        ("Anna.B+x@GMIAL.COM", "Anna.B+x@gmail.com"),
        ("a@gmail,com", "a@gmail.com"),
        ("a@gmail;com", "a@gmail.com"),
        ("a@gmailcom", "a@gmail.com"),
        ("a@gmail", "a@gmail.com"),
        ("a@orange", "a@orange.fr"),
        ("a@@gmail.com", "a@gmail.com"),
        ("a@.gmail.com", "a@gmail.com"),
        ("a@gmail.com.", "a@gmail.com"),
        ("a@gmail.com...", "a@gmail.com"),
        ("a@gmail..com", "a@gmail.com"),
        ("a@gmail. com", "a@gmail.com"),
        ("a @gmail.com", "a@gmail.com"),
        ("a@ gmail.com", "a@gmail.com"),
        ("a@gmail.c.om", "a@gmail.com"),
        ("a@gmail.com.fr", "a@gmail.com"),
        ("a@gmail.ocm", "a@gmail.com"),
        ("a@gmail.com\n", "a@gmail.com"),
        ("a\u200b@gmail.com\ufeff", "a@gmail.com"),
        ("a@gm\u00adail.com", "a@gmail.com"),
        ("Anna Muster <a@x.example>", "a@x.example"),
        ("<a@gmial.com>", "a@gmail.com"),
        ("mailto:a@x.example", "a@x.example"),
        ('"a@x.example"', "a@x.example"),
        ("agmail.com", "a@gmail.com"),
        ("anna.hotmail.fr", "anna@hotmail.fr"),
        ("annahotmail.com", "anna@hotmail.com"),
        ("anna gmail.com", "anna@gmail.com"),
        ("annaàgmail.com", "anna@gmail.com"),
        ("anna(at)gmial.com", "anna@gmail.com"),
        ("anna at orange.fr", "anna@orange.fr"),
        ("anna\uff20gmail.com", "anna@gmail.com"),
        ("a@hotmial", "a@hotmail.fr"),
        ("a@orange.f", "a@orange.fr"),
        ("a@wandoo.fr", "a@wanadoo.fr"),
        ("a@freee.fr", "a@free.fr"),
        ("a@hotmail.couk", "a@hotmail.co.uk"),
        ("a@yahoo.co", "a@yahoo.com"),
        ("a@jotmail.com", "a@hotmail.com"),
        ("a@gmial.con", "a@gmail.com"),
        ("a@firma-muster.con", "a@firma-muster.com"),
        ("a@mail.firma-muster.ocm", "a@mail.firma-muster.com"),
        ("a@firma-muster,example", "a@firma-muster.example"),
        ("a@bücher.dee", "a@bücher.de"),
    ],
)
def test_what_is_suggested(typed: str, meant: str) -> None:
    """EM-10, F17: well-formed or not, the likely meant address is found."""
    assert suggest_correction(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "anna",
        "gmail.com",
        "hotmail.com",
        "@gmail.com",
        "a@",
        "a@x.example",
        "a@bücher.example",
        "A@BÜCHER.example",
        "a@b@gmail.com",
        "a@gmail.com, b@gmail.com",
        "a@gmail.com oder b",
        "a@gmail.com\r\nBcc: b@x.example",
        "a\r\nb@gmial.com",
        "anna muster@gmail.com",
        "a..b@gmial.com",
        "a@ymail.com",
        "a@email.com",
        "a@mail.com",
        "a@gail.example",
        "a@line.fr",
        "a@fre.fr",
        "a@gmx.at",
        "a@viola.fr",
        "a@laporte.fr",
        "a@grange.fr",
        "a@sf.fr",
        "a@hotmail.com.br",
        "a@hotmail.xyz",
        "a@gmail.or.at",
        "a@firma-muster.co",
        "a@firma-muster.om",
        "a@an-entirely-different-and-long-domain.fr",
        "a" * 400 + "@gmial.com",
        "a" * 65 + "@gmial.com",
    ],
)
def test_what_is_left_alone(typed: str) -> None:
    """EM-10: real neighbours, unreadable local parts, lists and header tricks get no suggestion."""
    assert suggest_correction(typed) is None


def test_what_is_no_text_gets_no_suggestion() -> None:
    """EM-10: a host that passes None gets None."""
    assert suggest_correction(None) is None  # type: ignore[arg-type]  # hosts without a type checker pass anything


LOCAL_PARTS = st.text(string.ascii_letters + string.digits + "_+-'é", min_size=1, max_size=20)


@given(LOCAL_PARTS, st.sampled_from([typed for typed, _ in TYPOS]))
@settings(max_examples=150)
def test_the_local_part_is_never_changed(local_part: str, domain: str) -> None:
    """EM-10: the part before the at-sign comes back letter by letter, its case included."""
    suggestion = suggest_correction(f"{local_part}@{domain}")
    assert suggestion is not None
    assert suggestion.rpartition("@")[0] == local_part


@given(
    st.sampled_from(sorted(KNOWN)),
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from([*"abcdefgilmort.,-@ ", ""]), st.booleans()), max_size=3
    ),
)
@settings(max_examples=400)
def test_a_suggestion_is_an_address_with_nothing_left_to_suggest(
    domain: str, errors: list[tuple[int, str, bool]]
) -> None:
    """EM-10: whatever is mistyped, a suggestion is readable, and suggesting again adds nothing."""
    typed = f"anna@{domain}"
    for place, letter, replaced in errors:
        start = place % len(typed)
        typed = typed[:start] + letter + typed[start + replaced :]
    suggestion = suggest_correction(typed)
    if suggestion is not None:
        assert EmailAddress.parse(suggestion).original == suggestion
        assert suggest_correction(suggestion) is None
        assert suggestion != typed


@given(st.text(max_size=60) | st.text("a@.,; gmilco<>\n:", max_size=40))
@settings(max_examples=400)
def test_any_text_is_safe(text: str) -> None:
    """EM-10: any text gets an address or None, and suggesting again adds nothing."""
    suggestion = suggest_correction(text)
    if suggestion is not None:
        assert EmailAddress.parse(suggestion).original == suggestion
        assert suggest_correction(suggestion) is None


@given(st.sampled_from([*UNUSED_ENDINGS]), st.text(string.ascii_lowercase, min_size=1, max_size=30))
@settings(max_examples=200)
def test_an_unused_ending_is_settled_in_one_step(ending: str, name: str) -> None:
    """EM-10: after an ending is put right, nothing more is suggested."""
    for slip in UNUSED_ENDINGS[ending].split():
        suggestion = suggest_correction(f"a@{name}.{slip}")
        assert suggestion is not None
        assert suggest_correction(suggestion) is None


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """EM-10: a wrong domain is compared with few providers, a right one and a long one with none."""
    compared: list[str] = []
    distance = email_suggestion.typing_distance

    def counted(typed: str, name: str) -> int:
        compared.append(name)
        return distance(typed, name)

    monkeypatch.setattr(email_suggestion, "typing_distance", counted)
    suggest_correction("anna@gmail.com")
    suggest_correction(f"anna@{'gmail' * 12}.com")
    assert compared == []
    suggest_correction("anna@hotmali.com")
    assert 0 < len(compared) <= 5


@pytest.mark.parametrize(
    ("typed", "name", "errors"),
    [
        ("", "abc", 3),
        ("abc", "", 3),
        ("abc", "abc", 0),
        ("acb", "abc", 1),
        ("ab", "abc", 1),
        ("abcd", "abc", 1),
        ("xbc", "abc", 1),
        ("ca", "abc", 3),
        ("hotmial", "hotmail", 1),
        ("htomial", "hotmail", 2),
    ],
)
def test_errors_are_counted_with_swaps(typed: str, name: str, errors: int) -> None:
    """EM-10: two swapped neighbours are one error, as each lost, added or wrong letter is."""
    assert email_suggestion.typing_distance(typed, name) == errors


def test_the_data_do_not_contradict_each_other() -> None:
    """EM-10: no unused ending is an ending of a provider, and no real neighbour is a suggestion."""
    suggested = {f"{label}.{ending}" for label, endings in SUGGESTED.items() for ending in endings.split()}
    unused = {slip for slips in UNUSED_ENDINGS.values() for slip in slips.split()}
    assert not suggested & LEFT_ALONE
    assert not unused & {domain.rpartition(".")[2] for domain in suggested | LEFT_ALONE}
    assert not unused & {domain.rpartition(".")[2] for domain in blocklist}
