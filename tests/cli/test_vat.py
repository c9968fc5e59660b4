"""``customer-accounts vat``: numbers, decisions and reasons on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from customer_accounts.cli.app import app
from customer_accounts.cli.ending import Exit
from customer_accounts.testing.fake_vies import FakeVies, fault, invalid, valid
from customer_accounts.vat import (
    OrderDecision,
    Seller,
    VatDecision,
    VatNumber,
    VatNumberError,
    decide_order,
    number_advice,
)
from tests.cli.running import run
from tests.vat.cases import GERMAN, company, decided, goods, service

VIES_URL = "CUSTOMER_ACCOUNTS_VIES_URL"
ADVICE = {
    "en": "This is no tax advice.",
    "de": "Das ist keine Steuerberatung.",
    "fr": "Ceci n’est pas un conseil fiscal.",
}
EXEMPT = ("--to", "DE", "--business", "--number", "DE136695976", "--status", "valid", "--oss")


@pytest.fixture(name="vies")
def _vies() -> Iterator[FakeVies]:
    """A register on this machine."""
    with FakeVies() as fake:
        yield fake


class TestCheck:
    """``vat check``: numbers as they were typed."""

    def test_says_how_a_number_is_written(self) -> None:
        """F21: a number that is well written is in order; nobody is asked about it."""
        result = run("vat", "check", "de 136 695 976")
        assert (result.exit_code, result.stdout) == (
            Exit.DONE,
            "DE136695976: well written; the register was not asked.\n",
        )

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("ATU13585628", "typing error"),
            ("EU372022452", "One Stop Shop"),
            ("IM3720000224", "Import One Stop Shop"),
            ("ATU13585627EX", "small enterprises"),
            ("XI000000000", "never issued"),
            ("nonsense", "cannot read"),
            ("", "No VAT number"),
        ],
    )
    def test_names_what_is_wrong(self, typed: str, words: str) -> None:
        """Each sort of number has its reason, and the exit code says that something is open."""
        result = run("vat", "check", typed)
        assert result.exit_code == Exit.OPEN
        assert words in result.stdout

    def test_a_country_stands_for_the_prefix(self) -> None:
        """Numbers without a prefix are of the country that is given."""
        assert run("vat", "check", "136695976", "--country", "DE").exit_code == Exit.DONE

    @pytest.mark.parametrize("country", ["XX", "Germany"])
    def test_a_country_that_no_code_names_is_told(self, country: str) -> None:
        """A mistyped country would make every number without a prefix unreadable: exit code 2, and no output."""
        result = run("vat", "check", "136695976", "--country", country)
        assert (result.exit_code, result.stdout) == (Exit.USAGE, "")
        assert "--country: a country is named by its ISO 3166-1 code" in result.stderr

    def test_asks_the_register(self, vies: FakeVies) -> None:
        """With --vies each number has the register's answer; one that is not confirmed is open."""
        vies.set("DE136695976", valid(name="Example GmbH"))
        vies.set("FR40303265045", invalid())
        vies.set("IT00743110157", fault("IP_BLOCKED"))
        numbers = ("DE136695976", "FR40303265045", "IT00743110157")
        given: dict[str, str | None] = {VIES_URL: vies.url}
        sure = run("vat", "check", "DE136695976", "--vies", environment=given)
        assert (sure.exit_code, "Example GmbH" in sure.stdout) == (Exit.DONE, True)
        result = run("vat", "check", *numbers, "--vies", "--json", environment=given)
        assert result.exit_code == Exit.OPEN
        found = json.loads(result.stdout)
        assert [one["register"]["status"] for one in found] == ["valid", "invalid", "unverified"]
        assert [one["result"] for one in found] == ["accepted", "invalid", "unverified"]

    def test_gives_the_proof_of_the_consultation(self, vies: FakeVies) -> None:
        """With the shop's own number the register's consultation number is printed."""
        vies.set("DE136695976", valid())
        words = ("vat", "check", "DE136695976", "--vies", "--requester", "ATU13585627")
        (found,) = json.loads(run(*words, "--json", environment={VIES_URL: vies.url}).stdout)
        number = found["register"]["consultation_number"]
        assert number
        assert number in run(*words, environment={VIES_URL: vies.url}).stdout

    def test_a_number_with_wrong_check_digits_is_asked_about_too(self, vies: FakeVies) -> None:
        """The register has the last word on check digits."""
        vies.set("ATU13585628", valid())
        result = run("vat", "check", "ATU13585628", "--vies", environment={VIES_URL: vies.url})
        assert result.exit_code == Exit.DONE

    def test_as_json(self) -> None:
        """Programs get the number, what is wrong with it, and the text."""
        (found,) = json.loads(run("vat", "check", "EU372022452", "--json", "--lang", "fr").stdout)
        assert (found["number"], found["result"], found["kind"]) == (None, "wrong_kind", "eu_oss")
        assert "guichet unique" in found["text"]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--requester", "nonsense"), "--requester: no VAT number that a shop can have (malformed)"),
            (("--requester", "EU372022452"), "(wrong_kind (eu_oss))"),
            (("--vies-url", "http://example.com"), "https"),
        ],
    )
    def test_a_setting_that_cannot_be_ends_the_command(self, words: tuple[str, str], told: str) -> None:
        """An unreadable own number, named with its option, and an address without TLS: told on standard error."""
        result = run("vat", "check", "DE136695976", "--vies", *words)
        assert (result.exit_code, result.stdout) == (Exit.USAGE, "")
        assert told in result.stderr
        assert "can still order" not in result.stderr

    def test_a_rehearsal_asks_another_address(self, vies: FakeVies) -> None:
        """An address that is typed is asked without --vies, too; one of the environment only with it."""
        vies.set("DE136695976", valid(name="Example GmbH"))
        assert "Example GmbH" in run("vat", "check", "DE136695976", "--vies-url", vies.url).stdout
        given: dict[str, str | None] = {VIES_URL: vies.url}
        assert "not asked" in run("vat", "check", "DE136695976", environment=given).stdout

    @pytest.mark.parametrize(("magic", "code"), [("100", "VALID"), ("200", "INVALID"), ("401", "IP_BLOCKED")])
    def test_the_service_for_tests_answers_by_magic_numbers(
        self, vies: FakeVies, magic: str, code: str
    ) -> None:
        """A yes, a no and a block can be rehearsed, over HTTP, with no number that a state would issue."""
        words = ("vat", "check", f"de{magic}", "--test-service", "--vies-url", vies.url, "--json")
        (found,) = json.loads(run(*words).stdout)
        assert (found["number"], found["register"]["code"]) == (f"DE{magic}", code)

    def test_the_service_for_tests_knows_no_other_states(self, vies: FakeVies) -> None:
        """A magic number needs a prefix of the Union, and is none where the real service is asked."""
        asked = ("--vies-url", vies.url)
        assert "cannot read" in run("vat", "check", "QQ100", "--test-service", *asked).stdout
        assert "cannot read" in run("vat", "check", "DE100", *asked).stdout

    @pytest.mark.parametrize("lang", ["en", "de", "fr"])
    def test_a_number_without_a_prefix_needs_a_country(self, lang: str) -> None:
        """The way out is named where there is one."""
        assert "--country" in run("vat", "check", "136695976", "--lang", lang).stdout
        for words in (("nonsense",), ("13", "--country", "DE")):
            assert "--country" not in run("vat", "check", *words, "--lang", lang).stdout


class TestDecide:
    """``vat decide``: one supply from options."""

    @pytest.mark.parametrize("lang", ["en", "de", "fr"])
    def test_says_everything_in_three_languages(self, lang: str) -> None:
        """Rule, result, law, lines for the invoice, advice, and that it is no tax advice."""
        words = (*EXEMPT, "--seller-number", "ATU13585627", "--lang", lang)
        result = run("vat", "decide", *words)
        assert result.exit_code == Exit.DONE
        lines = result.stdout.splitlines()
        assert "G04" in lines[0]
        assert any("K, VATEX-EU-IC" in line for line in lines)
        assert any("ATU13585627" in line for line in lines)
        assert lines[-1] == ADVICE[lang]

    def test_as_json_with_the_record_to_keep(self) -> None:
        """The record in the answer is read back by `VatDecision.from_json`."""
        found = json.loads(run("vat", "decide", *EXEMPT, "--json", "--on", "2026-03-01").stdout)
        assert (found["rule"], found["rate"], found["treatment"]) == ("G04", "0", "intra_community_supply")
        assert found["disclaimer"] == ADVICE["en"]
        again = VatDecision.from_json(json.dumps(found["record"]))
        assert (again.rule, again.on.isoformat()) == ("G04", "2026-03-01")

    @pytest.mark.parametrize("command", ["decide", "explain"])
    def test_a_number_without_who_buys_is_told(self, command: str) -> None:
        """Who forgets --business learns that a consumer was decided for, beside the answer; a choice is not doubted."""
        words = ("vat", command, "--to", "DE", "--number", "DE136695976", "--oss")
        forgotten = run(*words)
        assert (forgotten.exit_code, "G09" in forgotten.stdout) == (Exit.DONE, True)
        assert forgotten.stderr == "A number was given without --business: this is decided for a consumer.\n"
        assert {run(*words, chosen).stderr for chosen in ("--business", "--consumer")} == {""}

    def test_a_missing_number_of_the_seller_is_told(self) -> None:
        """Where the law wants both numbers, the tool says which one is missing."""
        result = run("vat", "decide", *EXEMPT)
        assert "the seller’s VAT number of AT belongs on it too" in result.stdout
        numbers = ("--seller-number", "ATU13585627", "--seller-number", "DE136695976")
        words = ("--from", "DE", "--to", "FR", "--business", "--number", "FR40303265045", "--status", "valid")
        other = run("vat", "decide", *words, *numbers)
        assert "Our VAT number: DE136695976" in other.stdout

    @pytest.mark.parametrize(
        ("words", "rule", "rate"),
        [
            (("--to", "AT", "--business", "--number", "ATU13585627", "--status", "valid"), "G03", "20"),
            (("--to", "DE", "--oss"), "G09", "19"),
            (("--to", "DE", "--below-threshold"), "G08", "20"),
            (("--to", "DE", "--registered-in", "DE"), "G09", "19"),
            (("--to", "DE", "--business", "--number", "nonsense"), "G07", "20"),
            (("--to", "DE", "--business", "--number", " "), "G07", "20"),
            (("--to", "DE", "--business", "--oss", "--unverified-business", "consumer"), "G07", "19"),
            (("--to", "ES", "--postcode", "35001"), "G02", "0"),
            (("--to", "AT", "--postcode", "6991", "--at-enclave", "destination"), "G03", "19"),
            (("--to", "IT", "--postcode", "23030", "--city", "Livigno"), "G02", "0"),
            (("--from", "DE", "--from-postcode", "10115", "--to", "DE"), "G03", "19"),
            (("--pickup",), "G01", "20"),
            (("--pickup", "--to", "AT", "--postcode", "1010"), "G01", "20"),
            (("--pickup", "--kind", "service", "--to", "AT"), "S02", "20"),
            (("--kind", "service", "--place", "CH", "--business"), "S01", "0"),
            (("--to", "RO", "--oss", "--on", "2025-07-31"), "G09", "19"),
            (("--seller", "FR", "--to", "FR"), "G03", "20"),
            (("--seller", "FR", "--from", "DE", "--to", "DE"), "G03", "19"),
            (("--seller", "PT", "--from-postcode", "9500-150", "--to", "PT"), "G03", "16"),
        ],
    )
    def test_options_make_the_order(self, words: tuple[str, ...], rule: str, rate: str) -> None:
        """Each option changes what it says, as in Python."""
        found = json.loads(run("vat", "decide", *words, "--json").stdout)
        assert (found["rule"], found["rate"]) == (rule, rate)

    @pytest.mark.parametrize("lang", ["en", "de", "fr"])
    @pytest.mark.parametrize(
        ("typed", "reason"),
        [("hello", "malformed"), ("EU372022452", "wrong_kind"), ("DE136695977", "checksum_failed")],
    )
    def test_a_number_that_cannot_be_trusted_is_told(self, typed: str, reason: str, lang: str) -> None:
        """The first line says what is wrong with it; programs get the reason."""
        words = ("vat", "decide", "--to", "DE", "--business", "--number", typed, "--lang", lang)
        assert json.loads(run(*words, "--json").stdout)["number_problem"] == reason
        with pytest.raises(VatNumberError) as caught:
            VatNumber.parse(typed)
        first, second, *_ = run(*words).stdout.splitlines()
        assert first.endswith(number_advice(caught.value).text(lang))
        assert ("G06" if reason == "checksum_failed" else "G07") in second

    def test_a_number_that_can_be_read_has_no_problem(self) -> None:
        """Programs find null."""
        assert json.loads(run("vat", "decide", *EXEMPT, "--json").stdout)["number_problem"] is None

    def test_what_somebody_should_look_at_is_open(self) -> None:
        """Dispatch from outside the Union and the northern part of Cyprus: exit code 1, and the sentence."""
        for words in (("--from", "CH", "--to", "AT"), ("--to", "CY", "--region", "CY-N")):
            result = run("vat", "decide", *words)
            assert result.exit_code == Exit.OPEN
            assert "Somebody should look at this decision." in result.stdout

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ((), "--to COUNTRY"),
            (("--to", "Germany"), "ISO 3166-1"),
            (("--to", "DE", "--seller", "CH"), "member state"),
            (
                ("--to", "DE", "--seller-number", "nonsense"),
                "--seller-number: no VAT number that a shop can have",
            ),
            (("--to", "CY", "--region", "north"), "region"),
            (("--pickup", "--to", "DE"), "handed over in AT, --to that they are sent to DE"),
            (
                ("--pickup", "--to", "ES", "--postcode", "35001", "--from", "ES"),
                "in ES, --to that they are sent to ES-CN: leave",
            ),
        ],
    )
    def test_what_cannot_be_ends_the_command(self, words: tuple[str, ...], told: str) -> None:
        """A wrong option is a fault of the caller, told on standard error: exit code 2."""
        result = run("vat", "decide", *words)
        assert (result.exit_code, result.stdout) == (Exit.USAGE, "")
        assert told in result.stderr


class TestExplain:
    """``vat explain``: the reasons of a decision."""

    @pytest.mark.parametrize("lang", ["en", "de", "fr"])
    def test_prints_the_reasons_of_options(self, lang: str) -> None:
        """Every condition in order, numbered, in the language asked for; the data are named."""
        result = run("vat", "explain", *EXEMPT, "--lang", lang)
        lines = result.stdout.splitlines()
        assert lines[0].startswith("1. G00")
        assert any("G04" in line for line in lines)
        assert "table " in lines[-2]
        assert lines[-1] == ADVICE[lang]

    def test_answers_why_a_customer_paid_vat_in_march(self, tmp_path: Path) -> None:
        """The record that was kept with the order says why, whatever the table says today."""
        kept = tmp_path / "order.json"
        decision = decided(goods("AT", "DE"), company(GERMAN, "unverified"))
        kept.write_text(decision.to_json(), encoding="utf-8")
        result = run("vat", "explain", str(kept))
        assert all(reason in result.stdout for reason in decision.reasons)
        assert run("vat", "explain", str(kept), "--lang", "fr").stdout != result.stdout

    def test_reads_the_record_of_an_order_from_standard_input(self) -> None:
        """Each line of an order is explained by itself."""
        order = decide_order([goods("AT", "DE"), service()], company(GERMAN), Seller("AT", oss=True))
        result = CliRunner().invoke(app, ["vat", "explain", "-", "--json"], input=order.to_json())
        assert [one["rule"] for one in json.loads(result.stdout)] == [line.rule for line in order]
        assert OrderDecision.from_json(order.to_json()) == order

    def test_reads_what_decide_printed(self) -> None:
        """``decide --json | explain -``: the record is found inside; its reasons are those that were printed."""
        printed = run("vat", "decide", *EXEMPT, "--json", "--on", "2026-03-01").stdout
        result = CliRunner().invoke(app, ["vat", "explain", "-"], input=printed)
        assert result.exit_code == Exit.DONE
        assert all(reason in result.stdout for reason in json.loads(printed)["reasons"])

    @pytest.mark.parametrize(("lang", "word"), [("en", "Line"), ("de", "Zeile"), ("fr", "Ligne")])
    def test_each_line_of_an_order_has_its_heading(self, lang: str, word: str) -> None:
        """Several lines are told apart; one alone has no heading."""
        order = decide_order([goods("AT", "DE"), service()], company(GERMAN), Seller("AT", oss=True))
        words = ["vat", "explain", "-", "--lang", lang]
        told = CliRunner().invoke(app, words, input=order.to_json()).stdout.splitlines()
        assert [line for line in told if line.startswith(word)] == [f"{word} 1", f"{word} 2"]
        alone = CliRunner().invoke(app, words, input=OrderDecision(order.lines[:1]).to_json()).stdout
        assert f"{word} 1" not in alone

    @pytest.mark.parametrize("words", [("--to", "DE"), ("--to", "DE", "--consumer", "--oss")])
    def test_options_do_not_change_what_was_kept(self, tmp_path: Path, words: tuple[str, ...]) -> None:
        """A kept decision is explained as it was; options about another order are a fault of the caller."""
        kept = tmp_path / "order.json"
        kept.write_text(decided(goods("AT", "DE"), company(GERMAN)).to_json(), encoding="utf-8")
        result = run("vat", "explain", str(kept), *words)
        assert (result.exit_code, result.stdout) == (Exit.USAGE, "")
        named, _, rest = result.stderr.partition(" do")
        assert (named.split(", ")[0], "not apply" in rest) == ("--to", True)
        assert ("--oss" in named) is ("--oss" in words)
        assert run("vat", "explain", str(kept), "--lang", "de").exit_code == Exit.DONE

    def test_a_file_that_is_no_record_is_told(self, tmp_path: Path) -> None:
        """Garbage and a mistyped name are faults of the caller, as everywhere in the tool."""
        (tmp_path / "empty.json").write_text("{}", encoding="utf-8")
        (tmp_path / "binary.json").write_bytes(b"\xff\xfe")
        (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
        (tmp_path / "other.json").write_text('{"record": 5}', encoding="utf-8")
        (tmp_path / "nonsense.json").write_text("nonsense", encoding="utf-8")
        for name in ("empty.json", "binary.json", "deep.json", "other.json", "nonsense.json"):
            assert run("vat", "explain", str(tmp_path / name)).exit_code == Exit.USAGE
        for name in ("missing.json", ""):
            missing = run("vat", "explain", str(tmp_path / name))
            assert (missing.exit_code, str(tmp_path / name) in missing.stderr) == (Exit.USAGE, True)
