"""E-mail addresses: what is one mailbox, and when two spellings are the same one."""

# ruff: noqa: RUF001 -- letters that look like others are what these tests are about

import copy
import pickle
import socket
import string
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts.email_address import EmailAddress, EmailAddressError, EmailFault
from customer_accounts.email_syntax import LONGEST_TYPED

LOCAL_PARTS = st.text(string.ascii_letters + string.digits + "éÉßſıİΣςϴ_+-'", min_size=1, max_size=20)


def fault_of(text: object) -> EmailFault:
    """Give the reason for which a text is refused."""
    with pytest.raises(EmailAddressError) as caught:
        EmailAddress.parse(text)  # type: ignore[arg-type]  # hosts without a type checker pass anything
    return caught.value.reason


def test_the_normal_form_of_one_address() -> None:
    """EM-06, EM-07: the spelling is kept, mail goes to the A-label, the key is in lower case."""
    address = EmailAddress.parse(" Anna@Bücher.de ")
    assert address.original == "Anna@Bücher.de"
    assert address.address == "Anna@xn--bcher-kva.de"
    assert address.key == "anna@xn--bcher-kva.de"


@pytest.mark.parametrize(
    "typed", ["info@x.example", "INFO@X.EXAMPLE", "O'Brien+shop@sub.x.example", "a_b-c@x.example"]
)
def test_ordinary_addresses_pass(typed: str) -> None:
    """EM-07: ordinary addresses pass, also under `.example`, and keep the spelling of the local part."""
    assert EmailAddress.parse(typed).address.partition("@")[0] == typed.partition("@")[0]


@pytest.mark.parametrize(
    "spellings",
    [
        (
            "a@bücher.example",
            "a@BÜCHER.example",
            "a@xn--bcher-kva.example",
            "a@XN--BCHER-KVA.example",
            "A@bu\u0308cher.example",
        ),
        ("a@straße.example", "a@STRAẞE.example", "a@xn--strae-oqa.example"),
        ("é@x.example", "e\u0301@x.example", "É@X.example"),
    ],
)
def test_spellings_of_one_mailbox_share_a_key(spellings: tuple[str, ...]) -> None:
    """EM-06: U-label, A-label, upper case and decomposed letters lead to one key."""
    assert len({EmailAddress.parse(spelling).key for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("straße@x.example", "strasse@x.example"),
        ("ſam@x.example", "sam@x.example"),
        ("ﬁn@x.example", "fin@x.example"),
        ("mıke@x.example", "mike@x.example"),
        ("MİKE@x.example", "mike@x.example"),
        ("ａnna@x.example", "anna@x.example"),
        ("Ａnna@x.example", "anna@x.example"),
        ("ας@x.example", "ασ@x.example"),
        ("é@x.example", "e@x.example"),
        ("а@x.example", "a@x.example"),
        ("①@x.example", "1@x.example"),
        ("a@straße.example", "a@strasse.example"),
        ("a@σς.example", "a@σσ.example"),
        ("a@mıke.example", "a@mike.example"),
        ("a+b@gmail.com", "a@gmail.com"),
        ("a.b@gmail.com", "ab@gmail.com"),
    ],
)
def test_distinct_mailboxes_have_distinct_keys(one: str, other: str) -> None:
    """EM-04: letters that a case fold or a compatibility form would merge stay apart."""
    assert EmailAddress.parse(one).key != EmailAddress.parse(other).key


def test_no_two_characters_meet_in_a_key_but_as_cases_of_one_letter() -> None:
    """EM-04: over all of Unicode, characters that share a key are cases or canonical forms of one letter."""
    keys: dict[str, list[str]] = {}
    for character in map(chr, range(0x21, sys.maxunicode + 1)):
        if unicodedata.category(character)[0] not in "CZ" and character != "@":
            composed = unicodedata.normalize("NFC", character)
            if character.isascii() or not composed.isascii():
                keys.setdefault(unicodedata.normalize("NFC", composed.lower()), []).append(composed)
    for key, characters in keys.items():
        cases = {key, key.upper(), key.title(), *(c for c in characters if c.lower() == key)}
        assert {unicodedata.normalize("NFC", c) for c in characters} <= cases
    assert keys["k"] == ["K", "k"]
    assert keys["s"] == ["S", "s"]


@pytest.mark.parametrize(
    "typed", ["mi\u212ae@x.example", "a@mi\u212ae.example", "a\u1fef@x.example", "a\u037e@x.example"]
)
def test_a_character_that_composes_to_an_ascii_one_is_refused(typed: str) -> None:
    """EM-04: the Kelvin sign is not let in, because composing would make a plain k of it."""
    assert fault_of(typed) is EmailFault.FORBIDDEN_CHARACTER


@pytest.mark.parametrize(
    "domain", ["ſam.example", "ﬁn.example", "ｘ.example", "x．example", "①.example", "x℡.example"]
)
def test_a_domain_with_compatibility_characters_is_refused(domain: str) -> None:
    """EM-04: IDNA would map these domains onto others, so they are refused."""
    assert fault_of(f"a@{domain}") is EmailFault.DOMAIN


HEADER_TRICKS = [
    "a@x.example\r\nBcc: b@y.example",
    "a@x.example\n",
    "\ra@x.example",
    "a\x00@x.example",
    "a@x.example\x85",
    "a@x.example\u2028b@y.example",
    "a@x.example,b@y.example",
    "a@x.example;b@y.example",
    "a,b@x.example",
    "Anna <a@x.example>",
    "<a@x.example>",
    "a@x.example (Anna)",
    "a(b)@x.example",
    '"a"@x.example',
    '"a@b"@x.example',
    "a\\@b@x.example",
    "a@[127.0.0.1]",
    "group:a@x.example",
    "mailto:a@x.example",
    "a%b.example@x.example",
    "b.example!a@x.example",
    "=?utf-8?q?a=40b.example=3e?=@x.example",
    "a b@x.example",
    "a@x .example",
    "a\u00a0b@x.example",
    "a\u202eb@x.example",
    "a@x\u202e.example",
    "a\u2066b@x.example",
    "a\u200eb@x.example",
    "a\u061cb@x.example",
    "a\u200bb@x.example",
    "a\u200db@x.example",
    "a@x\u200c.example",
    "a\u00adb@x.example",
    "a\ufeffb@x.example",
    "a\u034fb@x.example",
    "a\ufe0f@x.example",
    "a\u3164@x.example",
    "a\u2800@x.example",
    "a\U000e0041@x.example",
    "a\U000e0100@x.example",
    "a\ud800@x.example",
    "a\ue000@x.example",
]


@pytest.mark.parametrize("typed", HEADER_TRICKS)
def test_what_is_more_or_less_than_one_mailbox_is_refused(typed: str) -> None:
    """EM-01: line breaks, lists, names, comments, quotes, routes, bidi and zero-width marks are refused."""
    assert fault_of(typed) in {EmailFault.FORBIDDEN_CHARACTER, EmailFault.SEVERAL_AT_SIGNS}


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        (None, EmailFault.NOT_TEXT),
        (b"a@x.example", EmailFault.NOT_TEXT),
        (["a@x.example"], EmailFault.NOT_TEXT),
        ("", EmailFault.EMPTY),
        (" \t\u00a0 ", EmailFault.EMPTY),
        ("anna", EmailFault.NO_AT_SIGN),
        ("a@b@x.example", EmailFault.SEVERAL_AT_SIGNS),
        ("a@@x.example", EmailFault.SEVERAL_AT_SIGNS),
        ("@x.example", EmailFault.LOCAL_PART),
        (".a@x.example", EmailFault.LOCAL_PART),
        ("a.@x.example", EmailFault.LOCAL_PART),
        ("a..b@x.example", EmailFault.LOCAL_PART),
        ("\u0301a@x.example", EmailFault.LOCAL_PART),
        ("a@", EmailFault.DOMAIN),
        ("a@x", EmailFault.DOMAIN),
        ("a@x.example.", EmailFault.DOMAIN),
        ("a@-x.example", EmailFault.DOMAIN),
        ("a@x_y.example", EmailFault.DOMAIN),
        ("a@192.0.2.1", EmailFault.DOMAIN),
        ("a@localhost", EmailFault.DOMAIN),
        ("a@shop.test", EmailFault.DOMAIN),
        ("a@xn--n3h.example", EmailFault.DOMAIN),
    ],
)
def test_each_fault_has_its_reason(typed: object, fault: EmailFault) -> None:
    """EM-01: a refusal names what is wrong, and on which side of the at-sign."""
    assert fault_of(typed) is fault


@pytest.mark.parametrize("letter", ["a", "é", "ⱥ", "語"])
def test_the_local_part_ends_at_64_octets(letter: str) -> None:
    """EM-08: 64 octets pass and one letter more does not, counted in UTF-8."""
    most = 64 // len(letter.encode())
    assert EmailAddress.parse(f"{letter * most}@x.example").key == f"{letter * most}@x.example"
    assert fault_of(f"{letter * (most + 1)}@x.example") is EmailFault.LOCAL_PART_TOO_LONG


def test_a_key_is_never_longer_than_an_address_may_be() -> None:
    """EM-08: Ⱥ is two octets and ⱥ is three, so the lower-case form counts as well."""
    assert fault_of("Ⱥ" * 32 + "@x.example") is EmailFault.LOCAL_PART_TOO_LONG
    domain = ".".join(["d" * 60] * 3 + ["d" * 22, "example"])
    assert len(f"{'Ⱥ' * 20}@{domain}".encode()) == 254
    assert fault_of(f"{'Ⱥ' * 20}@{domain}") is EmailFault.TOO_LONG
    assert EmailAddress.parse(f"{'é' * 20}@{domain}").key == f"{'é' * 20}@{domain}"


@pytest.mark.parametrize(("octets", "fault"), [(254, None), (255, EmailFault.TOO_LONG)])
def test_an_address_ends_at_254_octets(octets: int, fault: EmailFault | None) -> None:
    """EM-08: 254 octets pass and 255 do not."""
    domain = ".".join(["d" * 60] * 3 + ["example"])
    typed = "a" * 50 + "@" + "d" * (octets - 50 - 1 - len(domain) - 1) + "." + domain
    assert len(typed) == octets
    if fault is None:
        assert EmailAddress.parse(typed).address == typed
    else:
        assert fault_of(typed) is fault


@pytest.mark.parametrize("piece", ["a", "@", " ", "é", "a@", "\u0301", "<", "\u200b"])
def test_a_huge_text_is_refused_by_its_length_alone(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """EM-08: a megabyte is refused before the grammar is asked, and gets no suggestion."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("the costly check was reached")

    monkeypatch.setattr("customer_accounts.email_syntax.validate_email", fail)
    with pytest.raises(EmailAddressError) as caught:
        EmailAddress.parse("b" + piece * 1_000_000 + "c")
    assert caught.value.reason is EmailFault.TOO_LONG
    assert caught.value.suggestion is None
    assert fault_of("b" * (LONGEST_TYPED + 1)) is EmailFault.TOO_LONG


def test_no_name_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """EM-09: an address is read without any socket, so a dead name server never refuses one."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket, "socket", fail)
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert (
        EmailAddress.parse("anna@no-such-domain-anywhere.example").key
        == "anna@no-such-domain-anywhere.example"
    )


def test_the_resolver_is_not_even_imported() -> None:
    """EM-09: reading an address imports no DNS library."""
    program = (
        "import sys; from customer_accounts.email_address import EmailAddress;"
        "EmailAddress.parse('a@gmail.com');"
        "sys.exit('dns' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "typed", ["Geheim-7@gmial,com@x", "Geheim-7@x_y.example", ".Geheim-7@x.example", "Geheim-7"]
)
def test_a_refusal_repeats_nothing_that_was_typed(typed: str) -> None:
    """LG-01: neither the message, nor the repr, nor the chain of errors holds the input."""
    with pytest.raises(ValueError, match=r"at-sign|character") as caught:
        EmailAddress.parse(typed)
    error = caught.value
    assert "Geheim" not in f"{error!s}{error!r}{error.__cause__!r}{error.__context__!r}"


def test_a_refusal_carries_the_likely_address() -> None:
    """EM-10: an address that cannot be read still gets its correction."""
    with pytest.raises(EmailAddressError) as caught:
        EmailAddress.parse("Anna@gmail,com")
    assert caught.value.suggestion == "Anna@gmail.com"
    for twin in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert (twin.reason, twin.suggestion, str(twin)) == (
            EmailFault.FORBIDDEN_CHARACTER,
            "Anna@gmail.com",
            str(caught.value),
        )


def test_every_fault_has_its_message() -> None:
    """LG-01: each reason has one fixed message that differs from the others."""
    assert len({str(EmailAddressError(fault)) for fault in EmailFault}) == len(EmailFault)


def test_an_address_is_masked_where_it_is_shown() -> None:
    """LG-02: repr, str and format show the first letter and the domain only."""
    address = EmailAddress.parse("Anna@gmail.com")
    assert address.masked == "A***@gmail.com"
    assert f"{address} {address!r}" == "EmailAddress('A***@gmail.com') EmailAddress('A***@gmail.com')"
    assert EmailAddress.parse("a@gmail.com").masked == "a***@gmail.com"


def test_the_constructor_refuses_what_parse_refuses() -> None:
    """EM-01: no bad address can be made, whichever way it is built."""
    assert EmailAddress(" A@x.example ") == EmailAddress.parse("A@x.example")
    assert EmailAddress("A@x.example") != EmailAddress("a@x.example")
    with pytest.raises(EmailAddressError):
        EmailAddress("a@x.example, b@x.example")


@given(LOCAL_PARTS, st.sampled_from(["x.example", "BÜCHER.example", "straße.example", "Gmail.com"]))
@settings(max_examples=200)
def test_the_key_is_its_own_key(local_part: str, domain: str) -> None:
    """EM-02: the key of a key is the key, and the address to send to has the same key."""
    try:
        address = EmailAddress.parse(f"{local_part}@{domain}")
    except EmailAddressError as error:
        assert error.reason is EmailFault.LOCAL_PART_TOO_LONG  # noqa: PT017  # only this refusal is expected
        return
    assert EmailAddress.parse(address.key).key == address.key
    assert EmailAddress.parse(address.address).key == address.key
    assert EmailAddress.parse(address.address).address == address.address


@given(st.text(max_size=80))
@settings(max_examples=300)
def test_any_text_is_one_mailbox_or_a_refusal(text: str) -> None:
    """EM-01: nothing but a refusal is ever raised, and what passes holds one at-sign and no break."""
    try:
        address = EmailAddress.parse(text)
    except EmailAddressError:
        return
    assert address.address.count("@") == 1
    assert not set(address.address + address.original) & set(' \r\n\t,;<>"()\\')


@given(LOCAL_PARTS, st.sampled_from('\r\n\x00,;<>"()\\\u200b\u202e\u2028'), st.integers(0, 30))
@settings(max_examples=100)
def test_no_place_is_safe_for_a_forbidden_character(local_part: str, character: str, place: int) -> None:
    """EM-01: a forbidden character is refused wherever it stands."""
    text = f"{local_part}@shop.example"
    place %= len(text) + 1
    assert fault_of(text[:place] + character + text[place:]) is EmailFault.FORBIDDEN_CHARACTER


@pytest.mark.parametrize(
    "character", [chr(c) for c in range(0xC0, 0x250) if unicodedata.category(chr(c))[0] == "L"]
)
def test_latin_letters_keep_their_key(character: str) -> None:
    """EM-02: for each Latin letter the key of the key is the key."""
    key = EmailAddress.parse(f"{character}@x.example").key
    assert EmailAddress.parse(key).key == key
