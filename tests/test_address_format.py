"""Delivery addresses: what each country wants, and when two addresses are one."""

import json
import re
import runpy
import string
import tomllib
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_accounts.address_format import (
    AddressField,
    AddressProblem,
    AddressProblemCode,
    address_format,
    address_problems,
    same_address_key,
)

TOOL = runpy.run_path(str(Path(__file__).parent / "tools" / "make_address_formats.py"))
DATA = files("customer_accounts").joinpath("data", "address_formats.json").read_text(encoding="utf-8")
COUNTRIES = sorted(json.loads(DATA)["countries"])


def problems(country: str, **fields: str) -> dict[str, str]:
    """Give the problems of an address that is complete but for the given fields."""
    complete = {"name": "Anna Muster", "street": "1 Main Road", "postcode": "", "city": "Town", "region": ""}
    found = address_problems(country, **{**complete, **fields})
    return {str(problem.field): str(problem.code) for problem in found}


def test_the_data_file_is_what_the_library_says() -> None:
    """F10: the data are made from the installed library; an update of it shows here."""
    assert TOOL["rendered"](TOOL["address_formats"]()) == DATA


def test_the_data_name_their_source_and_licence() -> None:
    """F10: the attribution that CC-BY asks for travels with the data."""
    head = json.loads(DATA)
    assert "libaddressinput" in head["source"]
    assert "CC-BY 4.0" in head["licence"]
    assert head["changes"]


def test_the_countries_are_there() -> None:
    """F10: every member state of the European Union and its neighbours can be delivered to."""
    union = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
    assert set(f"{union} GB CH LI NO IS MC AD SM VA XK US CA".split()) <= set(COUNTRIES)
    assert "ZZ" not in COUNTRIES


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_country_accepts_its_own_examples(country: str) -> None:
    """F10: an example is never refused in its country, whatever blanks, hyphens, case and prefix it has."""
    known = address_format(country)
    assert known is not None
    for example in known.examples:
        for typed in (
            example,
            example.lower(),
            f" {example} ",
            example.replace(" ", ""),
            example.replace("-", " "),
        ):
            assert problems(country, postcode=typed, region="R") == {}
        assert problems(country, postcode=f"{country}-{example}", region="R") == {}


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_country_can_explain_its_postcode(country: str) -> None:
    """F10: where a postcode can be missing or wrong, there is an example to show."""
    known = address_format(country)
    assert known is not None
    assert bool(known.postcode_pattern) == bool(known.examples)
    assert known.examples or AddressField.POSTCODE not in known.required
    assert known.uses_postcode or not known.examples
    assert not re.search(r"[ -]", re.sub(r"\[[^\]]*\]", "", known.postcode_pattern))


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("FR", "75001"),
        ("FR", "75 001"),
        ("FR", "F-75001"),
        ("FR", "FR-75001"),
        ("FR", "97400"),
        ("fr", "20000"),
        ("AT", "8010"),
        ("AT", "A-8010"),
        ("AT", "A 8010"),
        ("AT", "AT-8010"),
        ("DE", "01067"),
        ("DE", "D-01067"),
        ("DE", "D 01067"),
        ("CH", "8001"),
        ("CH", "CH-8001"),
        ("CH", "ch 8001"),
        ("BE", "1000"),
        ("BE", "B-1000"),
        ("BE", "B \u2013 1000"),
        ("GB", "SW1A 1AA"),
        ("GB", "sw1a1aa"),
        ("GB", "M1 1AE"),
        ("GB", "GIR 0AA"),
        ("GB", "BT1 1AA"),
        ("GB", "W1A 0AX"),
        ("IE", "D02 X285"),
        ("IE", "d02x285"),
        ("IE", "A65 F4E2"),
        ("IE", ""),
        ("LU", "1009"),
        ("LU", "L-1009"),
        ("LU", "LU1009"),
        ("NL", "1012 AB"),
        ("NL", "1012ab"),
        ("NL", "NL-1012 AB"),
        ("PT", "1250-096"),
        ("PT", "1250096"),
        ("PT", "P-1250-096"),
        ("PT", "1250 096"),
        ("IT", "00144"),
        ("IT", "I-00144"),
        ("IT", "IT-00144"),
        ("ES", "28039"),
        ("ES", "E-28039"),
        ("MC", "98000"),
        ("MC", "MC-98000"),
        ("MC", ""),
        ("GR", "101 88"),
        ("GR", "10188"),
        ("GR", "GR-10188"),
        ("SE", "114 55"),
        ("SE", "S-11455"),
        ("SE", "SE-114 55"),
        ("LV", "LV-1010"),
        ("LV", "1010"),
        ("LV", "lv1010"),
        ("AD", "AD500"),
        ("AD", "500"),
        ("PL", "00-950"),
        ("PL", "00950"),
        ("CZ", "110 00"),
        ("US", "95014-1234"),
        ("US", "950141234"),
        ("CA", "h3z2y7"),
        ("JP", "〒154-0023"),
        ("HK", ""),
        ("HK", "000000"),
        ("HK", "999077"),
        ("AE", ""),
        ("AE", "00000"),
        ("AE", "PO Box 5"),
    ],
)
def test_postcodes_that_pass(country: str, postcode: str) -> None:
    """F10: a postcode passes as people write it, and any text where the country has no postcodes."""
    assert problems(country, postcode=postcode, region="R") == {}


@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("FR", "7500"), ("FR", "750011"), ("FR", "D-75001"), ("FR", "O1234"),
        ("FR", "75001?"), ("FR", "75001 Paris"),
        ("AT", "80100"), ("AT", "D-8010"), ("AT", "801"),
        ("DE", "1067"), ("DE", "A-01067"), ("DE", "1O115"),
        ("CH", "80011"), ("CH", "FL-8001"),
        ("BE", "10000"),
        ("GB", "SW1A"), ("GB", "75001"), ("GB", "ZZ1 1AA"),
        ("IE", "D02"), ("IE", "12345"),
        ("LU", "10009"),
        ("NL", "1012"), ("NL", "0012 AB"), ("NL", "1012 SS"),
        ("PT", "1250"), ("PT", "1250-0966"),
        ("IT", "0014"),
        ("ES", "2803"),
        ("MC", "75001"), ("MC", "06000"),
        ("GR", "1018"),
        ("LV", "LT-1010"), ("AD", "100000"),
    ],
)  # fmt: skip
def test_postcodes_that_are_questioned(country: str, postcode: str) -> None:
    """F10: a postcode of the wrong length, letters or country is shown with an example."""
    assert problems(country, postcode=postcode, region="R") == {"postcode": "postcode_format"}


@pytest.mark.parametrize(
    ("country", "missing"),
    [
        ("FR", {"name", "street", "postcode", "city"}),
        ("AT", {"name", "street", "postcode", "city"}),
        ("DE", {"name", "street", "postcode", "city"}),
        ("CH", {"name", "street", "postcode", "city"}),
        ("BE", {"name", "street", "postcode", "city"}),
        ("GB", {"name", "street", "postcode", "city"}),
        ("LU", {"name", "street", "postcode", "city"}),
        ("NL", {"name", "street", "postcode", "city"}),
        ("PT", {"name", "street", "postcode", "city"}),
        ("GR", {"name", "street", "postcode", "city"}),
        ("IT", {"name", "street", "postcode", "city", "region"}),
        ("ES", {"name", "street", "postcode", "city", "region"}),
        ("US", {"name", "street", "postcode", "city", "region"}),
        ("IE", {"name", "street", "city"}),
        ("MC", {"name", "street", "city"}),
        ("HK", {"name", "street", "region"}),
        ("AE", {"name", "street", "region"}),
    ],
)
@pytest.mark.parametrize("blank", ["", "  ", "\u00a0", "\u200b", "\t"])
def test_what_must_not_be_empty(country: str, missing: set[str], blank: str) -> None:
    """F10: each country asks for its own fields, and blanks do not fill one."""
    found = problems(country, name=blank, street=blank, postcode=blank, city=blank, region=blank)
    assert found == dict.fromkeys(missing, "required")


@pytest.mark.parametrize("country", ["", "XX", "ZZ", "FRA", "UK", "EL", "../FR", "ALL", "\x00", "フ"])
def test_an_unknown_country_is_a_problem_and_no_exception(country: str) -> None:
    """F10: a code that is none is named as the problem; the fields that every address needs are asked for."""
    assert address_format(country) is None
    assert problems(country, postcode="anything", city="") == {"country": "unknown_country"}
    assert problems(country, name="", street="") == {
        "country": "unknown_country",
        "name": "required",
        "street": "required",
    }


def test_problems_come_in_the_order_of_a_form() -> None:
    """F10: country, name, street, postcode, city, region, so that a form shows the first one first."""
    assert list(problems("XX", name="", street="")) == ["country", "name", "street"]
    found = address_problems("IT", name="", street="", postcode="1", city="", region="")
    assert [problem.field for problem in found] == ["name", "street", "postcode", "city", "region"]


@pytest.mark.parametrize("field", ["name", "street", "city", "region"])
def test_a_field_is_bounded(field: str) -> None:
    """F10: 200 characters pass and 201 do not."""
    fine = {"postcode": "75001", field: "x" * 200}
    assert problems("FR", **fine) == {}
    assert problems("FR", **{**fine, field: "x" * 201}) == {field: "too_long"}


def test_a_huge_text_is_measured_and_nothing_more() -> None:
    """F10: a megabyte in each field is too long, for the country and the postcode as well."""
    huge = "7 " * 500_000
    found = address_problems(huge, name=huge, street=huge, postcode=huge, city=huge, region=huge)
    assert {problem.code for problem in found if problem.field != "country"} == {AddressProblemCode.TOO_LONG}
    assert problems("FR", postcode="7" * 21) == {"postcode": "too_long"}
    assert [p.code for p in found if p.field == "country"] == [AddressProblemCode.TOO_LONG]
    assert isinstance(same_address_key("FR", name="", street="", postcode=huge, city=""), str)


@given(
    st.sampled_from([*COUNTRIES, "XX", ""]) | st.text(max_size=4),
    st.fixed_dictionaries(
        {name: st.text(max_size=30) for name in ("name", "street", "postcode", "city", "region")}
    ),
)
@settings(max_examples=300)
def test_any_address_gets_an_answer(country: str, fields: dict[str, str]) -> None:
    """F10: any text leads to problems or none, at most one a field, each with its text in three languages."""
    found = address_problems(country, **fields)
    assert len({problem.field for problem in found}) == len(found)
    for problem in found:
        assert all(len(problem.text(locale)) > 10 for locale in ("fr", "de", "en"))


@given(st.sampled_from(COUNTRIES), st.text(string.digits + string.ascii_letters + " -", max_size=12))
@settings(max_examples=300)
def test_separators_and_case_never_decide(country: str, postcode: str) -> None:
    """F10: a postcode is judged alike with and without blanks and hyphens, in any case."""
    compact = postcode.replace(" ", "").replace("-", "")
    if compact:
        judged = problems(country, postcode=postcode, region="R")
        assert judged == problems(country, postcode=compact.upper(), region="R")
        assert judged == problems(country, postcode=compact.lower(), region="R")


def test_the_texts_for_customers() -> None:
    """F10: the problem is said in French, German and English, with a postcode of that country."""
    (problem,) = address_problems("AT", name="A", street="B", postcode="12", city="C", region="")
    assert problem == AddressProblem(AddressField.POSTCODE, AddressProblemCode.POSTCODE_FORMAT, "1010")
    assert problem.text("de") == "Diese Postleitzahl passt nicht zum gewählten Land. Beispiel: 1010."
    assert problem.text("fr-FR") == (
        "Ce code postal ne semble pas être celui du pays choisi. Exemple\u00a0: 1010."
    )
    assert problem.text("en") == problem.text("it")
    assert "1010" in problem.text("en")


def test_no_text_is_missing_and_none_is_left_over() -> None:
    """F10: every problem that can arise has a text, and every text belongs to one."""
    raw = files("customer_accounts").joinpath("texts", "address_format.toml").read_text(encoding="utf-8")
    required = {f"{field}_required" for field in AddressField if field is not AddressField.COUNTRY}
    codes = {str(code) for code in AddressProblemCode if code is not AddressProblemCode.REQUIRED}
    texts = tomllib.loads(raw)
    assert set(texts) == required | codes
    assert all(set(by_language) == {"fr", "de", "en"} for by_language in texts.values())


HOME = {
    "name": "Anna Müller",
    "street": "Hauptstraße 5/3",
    "postcode": "8010",
    "city": "Graz",
    "extra": "c/o Weiß",
}


def key_of(country: str = "AT", **changed: str) -> str:
    """Give the key of one address, changed in the given fields."""
    return same_address_key(country, **{**HOME, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "at "},
        {"name": " anna  MÜLLER "},
        {"name": "Anna Mu\u0308ller"},
        {"name": "Anna\u00a0Müller."},
        {"street": "Hauptstraße, 5/3"},
        {"street": "HAUPTSTRAẞE 5/3"},
        {"postcode": "A-8010"},
        {"postcode": "AT 8010"},
        {"postcode": " 80 10 "},
        {"city": "Graz."},
        {"extra": "C/O  Weiß"},
        {"extra": "c.o Weiß"},
    ],
)
def test_two_spellings_of_one_address_are_one(changed: dict[str, str]) -> None:
    """F10: case, blanks, punctuation, Unicode form and the postcode's prefix make no other address."""
    assert key_of(**changed) == key_of()


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "DE"},
        {"name": "Anna Muller"},
        {"name": "Anna Mueller"},
        {"street": "Hauptstr. 5/3"},
        {"street": "Hauptstrasse 5/3"},
        {"street": "Hauptstraße 5-3"},
        {"street": "Hauptstraße 53"},
        {"street": "Hauptstraße 5 3"},
        {"street": "Hauptstraße 5/4"},
        {"postcode": "8011"},
        {"postcode": "80100"},
        {"city": "Graz Ost"},
        {"region": "Steiermark"},
        {"extra": ""},
        {"extra": "", "region": "c/o Weiß"},
        {"name": "Anna", "street": "Müller Hauptstraße 5/3"},
    ],
)
def test_what_differs_stays_two_addresses(changed: dict[str, str]) -> None:
    """F10: accents, abbreviations, marks between digits and the place of a word make another address."""
    assert key_of(**changed) != key_of()


@pytest.mark.parametrize(
    ("country", "one", "other"),
    [
        ("LV", "LV-1010", "1010"),
        ("GB", "SW1A 1AA", "sw1a1aa"),
        ("AI", "AI-2640", "2640"),
        ("XX", "12 3", "12  3"),
        ("HK", "9-a", "9 A"),
    ],
)
def test_a_postcode_is_compared_as_it_is_checked(country: str, one: str, other: str) -> None:
    """F10: two spellings of one postcode are one, in countries that are unknown or have none as well."""
    assert key_of(country, postcode=one) == key_of(country, postcode=other)


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=200)
def test_a_key_depends_on_the_canonical_form_alone(street: str, city: str) -> None:
    """F10: composed and decomposed text lead to one key, and a key's own lines lead to it again."""
    key = key_of(street=street, city=city)
    decomposed = {
        name: unicodedata.normalize("NFD", text) for name, text in (("street", street), ("city", city))
    }
    assert key_of(**decomposed) == key
    lines = key.split("\n")
    assert len(lines) == 7
    again = same_address_key(
        lines[0],
        name=lines[1],
        street=lines[2],
        postcode=lines[3],
        city=lines[4],
        region=lines[5],
        extra=lines[6],
    )
    assert again == key


@given(
    st.text(alphabet="नमस्तेกำ้éñ漢字", min_size=1, max_size=8),
    st.text(alphabet="नमस्तेกำ้éñ漢字", min_size=1, max_size=8),
)
@settings(max_examples=200)
def test_marks_of_a_script_are_letters(one: str, other: str) -> None:
    """F10: vowel signs and accents are no punctuation, so that two words stay two."""
    composed = {unicodedata.normalize("NFC", text).lower() for text in (one, other)}
    assert (key_of(street=one) == key_of(street=other)) == (len(composed) == 1)
