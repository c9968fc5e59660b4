"""``customer-accounts vat bulk``: CSV in, CSV out, row by row."""

import csv
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from customer_accounts.cli import vat_bulk, vat_rows
from customer_accounts.cli.ending import Exit
from customer_accounts.cli.vat_rows import Decider
from customer_accounts.vat import Seller
from tests.cli.running import run

HEADER = "order,number,business,status,to,postcode,on"
ROWS = (
    "1,DE136695976,yes,valid,DE,10115,2026-03-01",
    "2,ATU13585627,yes,valid,AT,1010,",
    "3,,no,,ES,35001,",
    "4,EU372022452,yes,,FR,75001,",
    "5,DE136695976,yes,unverified,DE,10115,",
)


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "orders.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    return path


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def column(path: Path, name: str) -> list[str]:
    """One column of a file."""
    return [row[name] for row in read(path)]


def test_every_row_gets_its_decision(source: Path, tmp_path: Path) -> None:
    """Own cells stay, the decision is added; the run is told on standard error with the disclaimer."""
    target = tmp_path / "decided.csv"
    result = run("vat", "bulk", str(source), str(target), "--oss")
    assert (result.exit_code, result.stdout) == (Exit.DONE, "")
    assert result.stderr == "5 rows, 0 not understood (column vat_error).\nThis is no tax advice.\n"
    assert column(target, "vat_rule") == ["G04", "G03", "G02", "G07", "G06"]
    assert column(target, "vat_rate") == ["0", "20", "0", "20", "20"]
    assert column(target, "vat_provisional") == ["no", "no", "no", "no", "yes"]
    assert column(target, "vat_number_problem") == ["", "", "", "wrong_kind (eu_oss)", ""]
    assert column(target, "order") == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"to": "Germany"}, "to: a country is named by its ISO 3166-1 code"),
        ({"to": ""}, "to: goods need a destination, or pickup"),
        ({"from": "??"}, "from: a country"),
        ({"place": "??"}, "place: a country"),
        ({"region": "north"}, "to: region is the id of a territory"),
        ({"business": "maybe"}, "business: yes or no is expected"),
        ({"pickup": "perhaps"}, "pickup: yes or no is expected"),
        ({"status": "sure"}, "status: one of not_given, pending, valid"),
        ({"kind": "gods"}, "kind: one of goods, service"),
        ({"on": "1.3.2026"}, "on: a day such as"),
    ],
)
def test_a_row_that_is_not_understood_says_why(cells: dict[str, str], told: str) -> None:
    """The column is named, the number was still looked at, and nothing is decided."""
    decider = Decider(Seller("AT"), {"from": "AT"}, date(2026, 11, 28), "en")
    row = {"number": "DE 136 695 976", "to": "DE", "from": "AT", **cells}
    if cells.get("to") == "":
        del row["to"]
    found = dict(zip(decider.columns, decider.cells(row), strict=True))
    assert found["vat_error"].startswith(told)
    assert (found["vat_number"], found["vat_rule"]) == ("DE136695976", "")


def test_errors_end_with_their_code_and_the_rest_is_decided(tmp_path: Path) -> None:
    """One bad row among good ones: exit code 1, and every other row has its decision."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('to\nDE\nGermany\nCH\nAT,extra\n""\n', encoding="utf-8")
    result = run("vat", "bulk", str(source), str(target), "--lang", "de")
    assert result.exit_code == Exit.OPEN
    assert "5 rows, 3 not understood" in result.stderr
    assert column(target, "vat_rule") == ["G09", "", "G02", "", ""]
    assert column(target, "vat_error")[3] == "2 cells, where the first line has 1"


def test_a_row_with_two_faults_names_both() -> None:
    """Whoever mends a file mends a row once; what is wrong is said once each, beginning with its column."""
    decider = Decider(Seller("AT"), {"from": "AT"}, date(2026, 11, 28), "en")
    cells = decider.cells({"to": "Germany", "business": "maybe", "on": "1.3.2026", "status": "sure"})
    told = cells[-1].split("; ")
    assert [one.partition(":")[0] for one in told] == ["business", "status", "to", "on"]


def test_an_empty_line_is_no_row_that_was_not_understood(tmp_path: Path) -> None:
    """Spreadsheets leave them at the end: they are kept, nothing is decided, and the exit code is 0, resumed too."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("to,note\nDE,a\n\nAT,b\n\n\n", encoding="utf-8")
    words = ("vat", "bulk", str(source), str(target), "--oss")
    first, again = run(*words), run(*words, "--resume")
    assert (first.exit_code, again.exit_code) == (Exit.DONE, Exit.DONE)
    assert "5 rows, 0 not understood" in first.stderr
    assert column(target, "vat_rule") == ["G09", "", "G03", "", ""]
    assert set(column(target, "vat_error")) == {""}


def test_a_finished_file_with_bad_rows_stays_open(tmp_path: Path) -> None:
    """Resumed, it ends as the run did that wrote it: exit code 1, and the bad rows are counted."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("to\nDE\nGermany\nAT\n", encoding="utf-8")
    words = ("vat", "bulk", str(source), str(target))
    first, again = run(*words), run(*words, "--resume")
    assert (first.exit_code, again.exit_code) == (Exit.OPEN, Exit.OPEN)
    assert "0 rows, 3 before, 1 not understood" in again.stderr


def test_a_byte_that_is_not_utf8_spoils_its_row_only(tmp_path: Path) -> None:
    """The rows before and behind are decided; the row and the remedy are named, in the file and beside it."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes("to,note\nDE,a\nAT,M\xfcller\nCH,ok\nAT,\xfc,x\n".encode("latin-1") + "FR,é".encode())
    result = run("vat", "bulk", str(source), str(target), "--oss")
    assert result.exit_code == Exit.OPEN
    assert "Row 2 after the header is not UTF-8. Save the file as UTF-8" in result.stderr
    assert "5 rows, 2 not understood" in result.stderr
    assert column(target, "vat_rule") == ["G09", "", "G02", "", "G09"]
    assert column(target, "note")[1] == "M\N{REPLACEMENT CHARACTER}ller"
    told = column(target, "vat_error")
    assert told[1].startswith("this row is not UTF-8. Save the file as UTF-8")
    assert told[3].endswith("; 3 cells, where the first line has 2")
    assert told[0] == told[2] == told[4] == ""
    assert run("vat", "bulk", str(source), str(target), "--resume").exit_code == Exit.OPEN


def test_a_file_in_another_encoding_is_told_so(tmp_path: Path) -> None:
    """What spreadsheets call Unicode text has no column that can be read; the remedy is named."""
    source = tmp_path / "in.csv"
    source.write_text("to\tnumber\nDE\t\n", encoding="utf-16")
    result = run("vat", "bulk", str(source), str(tmp_path / "out.csv"))
    assert (result.exit_code, "Save the file as UTF-8" in result.stderr) == (Exit.USAGE, True)


def test_a_quotation_mark_that_stays_open_is_told(tmp_path: Path) -> None:
    """A cell without end is no CSV: exit code 2 with the number of its row, and the rows before it are written."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('to,note\nDE,a\nAT,"' + "x\n" * csv.field_size_limit(), encoding="utf-8")
    result = run("vat", "bulk", str(source), str(target))
    assert (result.exit_code, "row 2 after the header" in result.stderr) == (Exit.USAGE, True)
    assert column(target, "vat_rule") == ["G09"]


def test_goods_are_sent_from_the_state_of_the_seller(tmp_path: Path) -> None:
    """A French shop names its state once."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("to\nFR\n", encoding="utf-8")
    run("vat", "bulk", str(source), str(target), "--seller", "FR")
    assert column(target, "vat_rule") == ["G03"]
    target.unlink()
    run("vat", "bulk", str(source), str(target), "--seller", "FR", "--from", "DE")
    assert column(target, "vat_rule") == ["G09"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_separators_and_the_mark_of_spreadsheets_are_read(tmp_path: Path, delimiter: str) -> None:
    """A file as German spreadsheets write it: semicolons and a byte order mark; the answer has the same separator."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(f"Number{delimiter}To\nDE136695976{delimiter}AT\n", encoding="utf-8-sig")
    assert run("vat", "bulk", str(source), str(target)).exit_code == Exit.DONE
    assert read(target, delimiter)[0]["vat_rule"] == "G03"


def test_numbers_alone(tmp_path: Path) -> None:
    """A list of numbers needs no orders: each gets its compact form and what is wrong with it."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("number,country\nde 136 695 976,\n136695976,DE\nATU13585628,\nx,\n", encoding="utf-8")
    assert run("vat", "bulk", str(source), str(target), "--numbers-only").exit_code == Exit.DONE
    assert column(target, "vat_number") == ["DE136695976", "DE136695976", "ATU13585628", ""]
    assert column(target, "vat_number_problem") == ["", "", "checksum_failed", "malformed"]
    assert "vat_rule" not in read(target)[0]


@pytest.mark.parametrize("cut", range(1, 400, 31))
def test_a_run_that_was_stopped_is_taken_up_anywhere(source: Path, tmp_path: Path, cut: int) -> None:
    """Wherever the output breaks off, the next run completes it to what one run would have written."""
    whole, target = tmp_path / "whole.csv", tmp_path / "broken.csv"
    decider = Decider(Seller("AT"), {"from": "AT"}, date(2026, 11, 28), "fr")
    vat_bulk.run(source, whole, decider)
    written = whole.read_bytes()
    target.write_bytes(written[: len(written) * cut // 400])
    report = vat_bulk.run(source, target, decider, resume=True)
    assert target.read_bytes() == written
    assert report.done + report.rows == len(ROWS)


def test_cells_with_line_breaks_survive_a_stop(tmp_path: Path) -> None:
    """An address with line breaks inside a quoted cell is one row, also for the run that goes on."""
    source, whole, target = (tmp_path / name for name in ("in.csv", "whole.csv", "out.csv"))
    source.write_text('note,to\n"a\nb",DE\n"c ""d""\n",CH\n', encoding="utf-8")
    decider = Decider(Seller("AT"), {"from": "AT"}, date(2026, 11, 28), "en")
    vat_bulk.run(source, whole, decider)
    written = whole.read_bytes()
    for length in range(0, len(written) + 1, 9):
        target.write_bytes(written[:length])
        vat_bulk.run(source, target, decider, resume=True)
        assert target.read_bytes() == written


def test_resuming_is_told(source: Path, tmp_path: Path) -> None:
    """The rows of the run before are counted apart; without --resume a file is not overwritten."""
    target = tmp_path / "out.csv"
    assert run("vat", "bulk", str(source), str(target)).exit_code == Exit.DONE
    again = run("vat", "bulk", str(source), str(target))
    assert (again.exit_code, "--resume" in again.stderr) == (Exit.USAGE, True)
    resumed = run("vat", "bulk", str(source), str(target), "--resume")
    assert (resumed.exit_code, "0 rows, 5 before" in resumed.stderr) == (Exit.DONE, True)


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("a,b\n1,2\n", (), "none of the columns"),
        ("", (), "the file is empty"),
        ("to,number, TO\nDE,,AT\n", (), "the first line names the column to more than once"),
        ("to\nDE\n", ("--seller", "CH"), "member state"),
        (
            "to,VAT_number\nDE,DE136695976\n",
            (),
            "the column vat_number, which is one of those that are added",
        ),
    ],
)
def test_what_cannot_be_worked_on_is_told(tmp_path: Path, text: str, words: Sequence[str], told: str) -> None:
    """An empty file, a header without a known column, an impossible seller: exit code 2, and no output."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    result = run("vat", "bulk", str(source), str(target), *words)
    assert (result.exit_code, told in result.stderr, target.exists()) == (Exit.USAGE, True, False)


def test_a_file_that_was_decided_is_not_decided_again(source: Path, tmp_path: Path) -> None:
    """Its own output would get each column twice, the old decision first; it is refused with the way out."""
    once, twice = tmp_path / "once.csv", tmp_path / "twice.csv"
    assert run("vat", "bulk", str(source), str(once)).exit_code == Exit.DONE
    again = run("vat", "bulk", str(once), str(twice), "--numbers-only")
    assert (again.exit_code, twice.exists()) == (Exit.USAGE, False)
    assert "take away what an earlier run has added" in again.stderr


def test_columns_of_the_shops_own_may_have_one_name(tmp_path: Path) -> None:
    """Only a column that is read must be the only one of its name: a row says one thing."""
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("to,note,note\nDE,a,b\n", encoding="utf-8")
    assert run("vat", "bulk", str(source), str(target), "--oss").exit_code == Exit.DONE
    assert column(target, "vat_rate") == ["19"]


def test_the_output_of_something_else_is_not_continued(source: Path, tmp_path: Path) -> None:
    """A file with other columns is left alone."""
    target = tmp_path / "out.csv"
    target.write_text("something,else\n1,2\n", encoding="utf-8")
    result = run("vat", "bulk", str(source), str(target), "--resume")
    assert (result.exit_code, target.read_text("utf-8")) == (Exit.USAGE, "something,else\n1,2\n")


def test_a_place_that_cannot_be_written_is_told(source: Path, tmp_path: Path) -> None:
    """A folder that is not there: exit code 3, with its name."""
    result = run("vat", "bulk", str(source), str(tmp_path / "nowhere" / "out.csv"))
    assert (result.exit_code, "nowhere" in result.stderr) == (Exit.FAULT, True)


def many(count: int) -> Iterator[str]:
    """Many different rows."""
    yield HEADER + "\n"
    for number in range(count):
        yield f"{number},DE136695976,yes,valid,DE,{number % 90000 + 10000},2026-03-0{number % 9 + 1}\n"


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Ten times the rows need no more memory: rows are read, decided and written one by one."""
    peaks: list[int] = []
    decider = Decider(Seller("AT"), {"from": "AT"}, date(2026, 11, 28), "en")
    for count in (100, 100, 1000):
        source = tmp_path / f"{count}.csv"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(many(count))
        target = tmp_path / f"{count}-{len(peaks)}.csv"
        tracemalloc.start()
        vat_bulk.run(source, target, decider)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Addresses seen are remembered up to a bound; a row's worth of that is below one kilobyte.
    assert peaks[2] < peaks[1] + 900 * 1000


def test_words_of_many_outcomes_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was worded is kept up to a bound, and made again after it."""
    monkeypatch.setattr(vat_rows, "_KEPT", 1)
    decider = Decider(Seller("AT"), {"from": "AT"}, date(2026, 11, 28), "en")
    first = [decider.cells({"to": to}) for to in ("DE", "CH", "DE")]
    assert first[0] == first[2]
    assert len(decider._worded) == 1
