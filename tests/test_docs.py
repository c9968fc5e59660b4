"""The documentation says what the code does: facts of the features, requirements, data classes, states, controls."""

import re
import sys
import tomllib
from pathlib import Path

import attrs
import pytest

from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.order_notices import ORDER_MAILS, OrderEvent
from customer_accounts.features.order_tracking import RecordOrderStatus, RecordShipment
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "_ext"))

# These modules belong to the build of the documentation and are found on the path that is set just above.
import fact_pages  # type: ignore[import-not-found]  # noqa: E402  # see above
import facts  # type: ignore[import-not-found]  # noqa: E402  # see above
import held  # type: ignore[import-not-found]  # noqa: E402  # see above
import records  # type: ignore[import-not-found]  # noqa: E402  # see above

FEATURES: list[str] = facts.feature_names()
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)


def page_of(feature: str) -> str:
    """The page of a feature as text."""
    path: Path = fact_pages.page_of(feature)
    return path.read_text("utf-8")


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_has_a_page_whose_facts_are_those_of_the_code(feature: str) -> None:
    """Actors, parts, limits, refusals with their texts, events and mails: none is missing, none is stale."""
    assert fact_pages.page_of(feature).exists(), f"write docs/features/{feature}.md"
    assert fact_pages.problems(feature, page_of(feature)) == []


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_page_has_an_executed_example_with_one_of_its_commands(feature: str) -> None:
    """A Python block on the page imports a command of the feature; the blocks run with the tests."""
    blocks = re.findall(r"^```python\n(.*?)^```$", page_of(feature), re.DOTALL | re.MULTILINE)
    names = [one.__name__ for one in facts.commands_of(feature)]
    assert any(name in block for name in names for block in blocks)


def test_the_registration_page_of_the_tutorial_has_less_than_40_lines() -> None:
    """The whole application is the first block; that it works is shown by the blocks after it."""
    page = (DOCS / "tutorial" / "registration_page.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert "FastAPI(" in blocks[0]
    assert sum(bool(line.strip()) for line in blocks[0].splitlines()) < 40
    assert "TestClient(app" in "".join(blocks[1:])


def test_every_feature_page_belongs_to_a_module() -> None:
    """No page outlives its feature."""
    pages = {path.stem for path in (DOCS / "features").glob("*.md")} - {"index"}
    assert pages == set(FEATURES)


def _without(page: str, needle: str) -> str:
    return "\n".join(line for line in page.splitlines() if needle not in line) + "\n"


def test_the_comparison_finds_a_missing_refusal() -> None:
    """A page that forgets a refusal fails, named by its reason."""
    page = _without(page_of("registration"), f"| `{Reason.EMAIL_INVALID}` |")
    assert any(
        "missing" in one and "email_invalid" in one for one in fact_pages.problems("registration", page)
    )


def test_the_comparison_finds_a_stale_refusal() -> None:
    """A page that promises a refusal which the code never gives fails."""
    stale = f"| `{Reason.BUSY}` | 503 | We are very busy right now. |\n{fact_pages.END}"
    page = page_of("wish_list").replace(fact_pages.END, stale)
    assert any("stale" in one and "busy" in one for one in fact_pages.problems("wish_list", page))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("| Who may ask | `Visitor` |", "| Who may ask | `Visitor`, `Agent` |"),
        ("| Writes | nothing |", "| Writes | accounts |"),
        ("`confirm_registration`, `already_registered`", "`confirm_registration`"),
        (f"{fact_pages.BEGIN}\n", ""),
    ],
)
def test_the_comparison_finds_other_differences(before: str, after: str) -> None:
    """Another actor, a query that is said to write, a mail left out, no facts at all: each is a difference."""
    page = page_of("registration")
    assert before in page
    assert fact_pages.problems("registration", page.replace(before, after)) != []


def test_facts_are_found_through_the_functions_that_a_command_uses() -> None:
    """The refusals of a password come from a function of another feature, and are found all the same."""
    found = facts.facts_of(RecordOrder)
    assert Reason.PASSWORD_TOO_SHORT in found.refusals
    assert MailPurpose.ORDER_RECEIVED in found.mails
    assert MailPurpose.TRACKING not in found.mails


def test_the_mails_of_order_events_follow_the_table() -> None:
    """RecordShipment queues what the table has for its two events; status changes queue the status mail."""
    wanted = {
        mail for (_, event), mails in ORDER_MAILS.items() for mail in mails
        if event in (OrderEvent.SHIPPED, OrderEvent.CORRECTED)
    }  # fmt: skip
    assert set(facts.facts_of(RecordShipment).mails) == wanted
    assert facts.facts_of(RecordOrderStatus).mails == (MailPurpose.ORDER_STATUS,)


def test_exceptions_from_the_comparison_name_what_exists() -> None:
    """What the syntax shows wrongly is listed by hand; no entry outlives its command."""
    commands = {one.__name__ for feature in FEATURES for one in facts.commands_of(feature)}
    reasons = {one.value for one in Reason}
    assert all(name in commands and reason in reasons for name, reason in facts.NEVER)
    assert all(name in commands and mail in set(MailPurpose) for name, mail in facts.ALSO)


def test_every_stored_field_has_a_class_of_data() -> None:
    """DP-02: the classification names every field of every record, and no secret is in a repr."""
    assert records.gaps() == []


def test_a_field_without_a_class_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """DP-02: a new field fails until somebody has thought about it."""
    known = {name: dict(rows) for name, rows in records.classified().items()}
    del known["AccountRecord"]["email"]
    known["TokenRecord"]["colour"] = "personal"
    monkeypatch.setattr(records, "classified", lambda: known)
    assert records.gaps() == ["AccountRecord.email has no class", "TokenRecord.colour does not exist"]


def test_every_requirement_is_held_by_a_test_or_openly_missing() -> None:
    """The table of requirements says for each id which tests name it, or why none does yet."""
    tests = held.tests_by_id()
    unexplained = [
        one for one, entry in held.requirement_rows().items() if one not in tests and not entry.get("open")
    ]
    assert unexplained == []


def test_tests_name_only_requirements_that_exist() -> None:
    """A misspelt id in a docstring would hold nothing."""
    assert set(held.tests_by_id()) <= set(held.requirement_rows())


def test_a_span_of_ids_names_each_of_them() -> None:
    """A span in a docstring, first to last, holds each requirement of it."""
    assert held.ids_in("TK-01 to TK-03, PH4; see EM-12.") == {"TK-01", "TK-02", "TK-03", "PH4", "EM-12"}


def test_every_promise_has_a_page_and_an_acceptance_test() -> None:
    """F01 to F27: the page of promises leads to an existing page and to a test for each."""
    entries = tomllib.loads((DOCS / "_data" / "promises.toml").read_text("utf-8"))
    assert list(entries) == [f"F{number:02}" for number in range(1, 28)]
    missing = [page for entry in entries.values() for page in entry["features"] if page not in FEATURES]
    assert missing == []
    assert set(held.promise_tests()) == set(entries)


#: Commands that begin a session, guard one, or change a way in.
_AUTHENTICATING = re.compile(
    r"Register|Confirm|SignIn|SignOut|Password|Identit|EmailChange|Close|ConvertGuest"
)
#: They match by name and touch no way in.
_HARMLESS = {"ConfirmNewsletter"}


def test_every_way_to_authenticate_is_listed_with_its_controls() -> None:
    """DOC-01: each path has controls, each control a requirement that a test holds, and no path is left out."""
    entries = tomllib.loads((DOCS / "_data" / "controls.toml").read_text("utf-8"))
    listed = {command for entry in entries.values() for command in entry["commands"]}
    commands = {one.__name__ for feature in FEATURES for one in facts.commands_of(feature)}
    known = {name for name in commands if _AUTHENTICATING.search(name)} - _HARMLESS
    assert known <= listed <= commands
    tests = held.tests_by_id()
    ids = [one for entry in entries.values() for controls in entry["controls"].values() for one in controls]
    assert [one for one in ids if one not in tests] == []


def test_there_are_no_hints_questions_or_expiry_of_passwords() -> None:
    """PW-11: no command asks for a hint or a question, and no setting lets passwords expire."""
    commands = [one for feature in FEATURES for one in facts.commands_of(feature)]
    fields = {name for one in commands for name in one.model_fields} | {
        one.name for one in attrs.fields(Settings)
    }
    assert [one for one in fields if re.search(r"hint|question|answer_to|expire|max_age|history", one)] == []


@pytest.mark.parametrize("words", ["6.4.1", "must_change_generated", "6.5.5", "6.2.12", "fail-open"])
def test_deviations_from_standards_are_stated(words: str) -> None:
    """DOC-02: the page of deviations names the generated password, the life of links and the breach check."""
    assert words in (DOCS / "explanation" / "deviations.md").read_text("utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_pages_load_nothing_from_elsewhere_and_name_no_machine(path: Path) -> None:
    """No remote script, font or picture, and no path of the machine where the page was written."""
    text = path.read_text("utf-8")
    assert not re.search(r"<script|<iframe|<img|!\[|@import|/home/|/root/|/tmp/", text)
