"""Decisions explain themselves and are read back as they were made."""

import json
from datetime import date

import pytest
from hypothesis import given

from customer_accounts.vat import (
    Buyer,
    DataError,
    DecisionTable,
    Seller,
    Supply,
    VatDecision,
    VatNumber,
    decide_vat,
)
from customer_accounts.vat.files import load
from tests.vat.cases import AUSTRIAN, GERMAN, buyers, company, decided, goods, sellers, service, supplies


def test_the_reasons_name_every_condition_in_order() -> None:
    """A support agent reads why the German company paid no VAT, rule by rule, to the result."""
    reasons = decided(goods("AT", "DE"), company(GERMAN)).reasons
    assert [reason.split(" ")[0] for reason in reasons] == ["G00", "G01", "G02", "G03", "G04", "Result:"]
    assert reasons[4] == (
        "G04 (exempt intra-Community supply) applies: the destination is another member state (Germany); "
        "the customer buys as a business; the register (VIES) confirms the number DE136695976; "
        "the number was issued by the state of destination (Germany)."
    )
    assert reasons[5].startswith(
        "Result: exempt intra-Community supply; no VAT is charged. Legal basis: Art. 138(1)"
    )


def test_the_reasons_of_an_outage_say_that_it_is_provisional() -> None:
    """'Could not check' is said as such, with the rate that is charged for now."""
    reasons = " ".join(decided(goods("AT", "DE"), company(GERMAN, "unverified")).explain("en"))
    assert "could not answer about the number DE136695976" in reasons
    assert "20% VAT of Austria, in force since 2021-01-01 or earlier" in reasons
    assert reasons.endswith("This is provisional and will be decided again.")


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        (
            "de",
            "Ergebnis: Besteuerung am Bestimmungsort; 25,5\u00a0% Umsatzsteuer (Finnland), in Kraft",
        ),
        ("fr-CH", "Résultat\u00a0: imposition au lieu de destination\u202f; TVA de 25,5\u00a0% (Finlande)"),
        ("xx", "Result: taxed at the destination; 25.5% VAT of Finland, in force since 2024-09-01"),
    ],
)
def test_reasons_come_in_the_readers_language(locale: str, sentence: str) -> None:
    """French, German and English, typographically right; another language gets English."""
    assert any(reason.startswith(sentence) for reason in decided(goods("AT", "FI")).explain(locale))


def test_a_decision_without_a_rate_says_so() -> None:
    """Where the host decides there is no rate, and the reasons do not pretend one."""
    assert any("no rate can be named here" in reason for reason in decided(goods("CH", "AT")).reasons)
    undated = decided(goods("AT", "AT"))
    assert undated.rate_source is not None


def test_invoice_notes_go_with_the_treatment() -> None:
    """Art. 138 is never called reverse charge; the national article follows the state of dispatch."""
    exempt = decided(goods("AT", "DE"), company(GERMAN))
    (note,) = exempt.invoice_notes("de")
    assert note.startswith("Steuerfreie innergemeinschaftliche Lieferung (Art.\u00a0138 RL 2006/112/EG; ")
    assert note.endswith("; Art. 6 Abs. 1 und Art. 7 UStG 1994 (BMR))")
    from_germany = decided(goods("DE", "AT"), company(AUSTRIAN), Seller("AT", registered_in=["DE"]))
    assert "§ 6a UStG" in from_germany.invoice_notes("de")[0]
    from_italy = decided(goods("IT", "AT"), company(AUSTRIAN))
    assert from_italy.invoice_notes("en") == (
        "VAT-exempt intra-Community supply (Art.\u00a0138 Directive 2006/112/EC)",
    )
    for locale in ("fr", "de", "en"):
        text = exempt.invoice_notes(locale)[0].lower()
        assert not any(word in text for word in ("reverse charge", "autoliquidation", "steuerschuld"))


def test_reverse_charge_is_said_in_the_words_of_the_sellers_state() -> None:
    """The words are a condition of the treatment: Austria has its own for 'Steuerschuldnerschaft'."""
    austrian = decided(service(), company(GERMAN))
    german = decided(service(), company(AUSTRIAN), Seller("DE"))
    assert austrian.invoice_notes("de")[0].startswith("Übergang der Steuerschuld auf den Leistungsempfänger")
    assert german.invoice_notes("de")[0].startswith("Steuerschuldnerschaft des Leistungsempfängers")
    assert german.invoice_notes("de-AT")[0].startswith("Übergang der Steuerschuld")
    assert austrian.invoice_notes("fr")[0].startswith("Autoliquidation")
    assert austrian.invoice_notes("en")[0].startswith("Reverse charge")


def test_taxed_supplies_need_no_note() -> None:
    """Where VAT is simply charged the invoice says nothing special, and has category S."""
    decision = decided(goods("AT", "AT"), company(AUSTRIAN))
    assert decision.invoice_notes("fr") == ()
    assert (decision.en16931_category, decision.vatex_code, decision.needs_both_numbers) == ("S", None, False)
    assert decided(goods("CH", "AT")).en16931_category is None


@given(supplies, buyers, sellers)
def test_a_decision_is_read_back_as_it_was_made(supply: Supply, buyer: Buyer, seller: Seller) -> None:
    """The record gives the same decision, reasons, warnings and reclaim advice, and the same record."""
    decision = decide_vat(supply, buyer, seller)
    stored = decision.to_json()
    again = VatDecision.from_json(stored)
    assert again == decision
    assert again.to_json() == stored
    assert again.reclaim.text("fr") == decision.reclaim.text("fr")
    for locale in ("fr", "de", "en"):
        assert again.explain(locale) == decision.explain(locale)


def test_a_record_outlives_the_table() -> None:
    """'Why did I pay VAT in March?' is answered from the record, though the table has changed since."""
    data = dict(load("table"))
    old_rows = [dict(row) for row in data["row"]]  # type: ignore[attr-defined]  # the file has rows
    for row in old_rows:
        row["then"] = {**row["then"], "law": "Art. 1 of an old act"}
    old = DecisionTable.from_data({**data, "row": old_rows, "version": "1999-01-01"})
    decision = decide_vat(goods("AT", "DE"), company(GERMAN), Seller("AT", oss=True), table=old)
    again = VatDecision.from_json(decision.to_json())
    assert "old act" in again.legal_basis
    assert "1999-01-01" in again.outcome.data_version
    assert again.reasons == decision.reasons


def test_records_survive_a_database_that_sorts_keys() -> None:
    """JSON columns may reorder keys and blanks; the decision is the same."""
    decision = decided(goods("AT", "DE", on=date(2026, 3, 1)), company(GERMAN))
    shuffled = json.dumps(json.loads(decision.to_json()), sort_keys=True, indent=1)
    assert VatDecision.from_json(shuffled) == decision


def test_a_record_says_with_which_data_it_was_made() -> None:
    """Versions of table, territories and rates are in it, and nobody's address."""
    stored = json.loads(decided(goods("AT", "DE"), company(GERMAN)).to_json())
    assert stored["data_version"].count(",") == 2
    assert not {"postcode", "city", "name", "email"} & set(stored)


@pytest.mark.parametrize("stored", ["", "{", "[]", "5", '{"format": 2}', "null", "{}"])
def test_what_is_no_record_is_refused(stored: str) -> None:
    """Garbage and later layouts raise DataError, not whatever comes first."""
    with pytest.raises(DataError):
        VatDecision.from_json(stored)


def test_the_sellers_number_is_kept_with_the_decision() -> None:
    """Invoices need it, and the seller may change it later."""
    seller = Seller("AT", number=VatNumber.parse("ATU13585627"))
    decision = decided(goods("AT", "DE"), company(GERMAN), seller)
    assert VatDecision.from_json(decision.to_json()).outcome.seller_number == "ATU13585627"


@pytest.mark.parametrize("key", ["row", "answers", "number", "on", "rate_source", "explanation"])
@pytest.mark.parametrize("damage", ["missing", 5, {}, {"when": {}}, {"percent": "x"}])
def test_damaged_records_are_refused(key: str, damage: object) -> None:
    """A record that lost a part, or has something else in its place, is a DataError."""
    data = json.loads(decided(goods("AT", "DE"), company(GERMAN)).to_json())
    if damage == "missing":
        del data[key]
    else:
        data[key] = damage
    with pytest.raises(DataError):
        VatDecision.from_json(json.dumps(data))
