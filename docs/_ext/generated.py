"""The directive ``{generated} <name>``: tables made from the code and its data while the documentation is built."""

import tomllib
from collections.abc import Callable

import attrs
import fact_pages
import facts
import held
import records
import states
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from customer_accounts.changes import Kept
from customer_accounts.limiting import ALLOWANCES
from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused
from customer_accounts.settings import LIFETIMES, LINK_OF, LINKS, Settings
from customer_accounts.vat import packaged_table


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def span_text(span: object) -> str:
    """Write a period of time for people."""
    total = int(span.total_seconds())  # type: ignore[attr-defined]  # a timedelta; typed loosely for the tables
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if total % size == 0 and total >= size:
            count = total // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{total} seconds"


def commands() -> str:
    """All commands, with who may give them and where they are described."""
    rows = []
    for feature in facts.feature_names():
        for command in facts.commands_of(feature):
            found = facts.facts_of(command)
            first = found.summary.split("\n\n")[0]
            page = f"[{feature}](../features/{feature}.md)"
            rows.append([f"`{found.command}`", ", ".join(found.actors), page, _cell(first)])
    return _table(["Command", "Who may ask", "Page", "What it does"], rows)


def features() -> str:
    """All feature pages with the first sentence of their module."""
    rows = []
    for feature in facts.feature_names():
        names = ", ".join(f"`{one.__name__}`" for one in facts.commands_of(feature))
        rows.append([f"[{feature}]({feature}.md)", names])
    return _table(["Page", "Commands"], rows)


def everywhere() -> str:
    """What every command may answer."""
    why = {
        Reason.NOT_ALLOWED: "The command does not accept this kind of actor.",
        Reason.UNKNOWN_STOREFRONT: "The actor names a storefront that the settings do not know.",
        Reason.TOO_MANY_ATTEMPTS: "A limit is used up; `retry_after` says how long to wait.",
        Reason.SESSION_ENDED: "The session was ended: its number is not the account's any more.",
        Reason.BUSY: "No slot for a password hash became free, or a limiter that must not be skipped is down.",
    }
    rows = [
        [f"`{one.value}`", str(Refused(one).http_status), why[one], fact_pages.refusal_text(one, "en")]
        for one in facts.EVERYWHERE
    ]
    return _table(["Reason", "HTTP", "When", "Text"], rows)


def refusals() -> str:
    """Every reason with its texts and its HTTP hint."""
    rows = [
        [
            f"`{one.value}`",
            str(Refused(one).http_status),
            *(fact_pages.refusal_text(one, lang) for lang in ("en", "fr", "de")),
        ]
        for one in Reason
    ]
    return _table(["Reason", "HTTP", "English", "French", "German"], rows)


def mails() -> str:
    """Every mail with its subjects, and the commands that queue it."""
    senders: dict[str, list[str]] = {}
    for feature in facts.feature_names():
        for command in facts.commands_of(feature):
            for mail in facts.facts_of(command).mails:
                senders.setdefault(mail, []).append(f"`{command.__name__}`")
    rows = [
        [f"`{one.value}`", ", ".join(senders.get(one.value, ["none"])),
         *(fact_pages.mail_subject(one, lang) for lang in ("en", "fr", "de"))]
        for one in MailPurpose
    ]  # fmt: skip
    return _table(["Mail", "Queued by", "English", "French", "German"], rows)


def limits() -> str:
    """The limits of the shop profile, with the commands that count against each."""
    users: dict[str, list[str]] = {}
    for feature in facts.feature_names():
        for command in facts.commands_of(feature):
            for limit in facts.facts_of(command).limits:
                users.setdefault(limit, []).append(f"`{command.__name__}`")
    rows = [
        [f"`{limit.value}`", str(one.tries), span_text(one.period),
         "passes" if one.open_on_outage else "refused with `busy`", ", ".join(users.get(limit.value, ["none"]))]
        for limit, one in ALLOWANCES.items()
    ]  # fmt: skip
    return _table(["Limit", "Tries", "In", "Limiter down", "Commands"], rows)


def lifetimes() -> str:
    """How long each link works, and where it leads."""
    rows = [
        [f"`{purpose.value}`", span_text(span), f"`{LINK_OF[purpose]}`", f"`{LINKS[LINK_OF[purpose]]}`"]
        for purpose, span in LIFETIMES.items()
    ]
    return _table(["Link", "Works for", "Name in `links`", "Default path"], rows)


#: What is deleted of each kind of rows, after the period of which setting.
RETENTION = {
    Kept.REGISTRATIONS: ("Pending registrations", "once they have expired", "registration_lifetime"),
    Kept.TOKENS: ("Links", "so long after they have expired", "registration_lifetime"),
    Kept.MAILS: ("Mails", "so long after they were sent, dropped or given up", "mails_kept"),
    Kept.EVENTS: ("Events", "so long after they happened", "events_kept"),
    Kept.REQUESTS: ("Written requests", "so long after their last change", "requests_kept"),
    Kept.PROPOSALS: ("Proposals that wait for a second agent", "once they have expired", "proposal_lifetime"),
    Kept.ORDER_VAT: ("VAT of orders", "so long after the end of the year of supply", "vat_evidence_kept"),
    Kept.VAT_EVIDENCE: ("Evidence of numbers", "so long after the end of its year", "vat_evidence_kept"),
    Kept.CLAIMS: ("Who claimed orders, on which evidence and why", "so long after the claim", "claims_kept"),
    Kept.MERGES: ("What a merge of accounts moved", "once it cannot be undone any more", "merge_undo_within"),
}


def retention() -> str:
    """What `purge` deletes, and after which time."""
    defaults = {one.name: one.default for one in attrs.fields(Settings)}
    rows = [
        [rows_of, when, f"`{setting}`", span_text(defaults[setting])]
        for rows_of, when, setting in (RETENTION[kind] for kind in Kept)
    ]
    return _table(["Rows", "Deleted", "Setting", "Default"], rows)


def classification() -> str:
    """Every stored field with its class of data."""
    parts = [_table(["Class", "Meaning"], [[name, text] for name, text in records.CLASSES.items()])]
    for kind in records.record_types():
        given = records.classified()[kind.__name__]
        rows = [
            [f"`{one.name}`", f"`{records.type_text(kind, one.name)}`".replace("|", "\\|"), given[one.name]]
            for one in attrs.fields(kind)
        ]
        parts += ["", f"**{kind.__name__}**", "", _table(["Field", "Type", "Class"], rows)]
    return "\n".join(parts)


def vat_goods() -> str:
    """The rows of the decision table for goods, in order."""
    return _vat_rows("goods")


def vat_services() -> str:
    """The rows of the decision table for services, in order."""
    return _vat_rows("service", "electronic_service")


def _vat_rows(*kinds: str) -> str:
    rows = []
    for row in packaged_table().rows:
        about, *others = row.when
        if not set(about.wanted) & set(kinds):
            continue
        asked = others if set(kinds) <= set(about.wanted) else row.when
        when = "; ".join(f"{one.question}: {', '.join(one.wanted)}" for one in asked) or "anything else"
        law = "; ".join(part for part in (row.law, row.other_law) if part)
        flags = ", ".join(
            name for name, on in (("provisional", row.provisional), ("review", row.review)) if on
        )
        codes = " ".join(code for code in (row.category, row.vatex) if code)
        cells = [row.key, when, row.treatment.value, row.tax, codes or "–", law, flags or "–"]
        rows.append([_cell(one) for one in cells])
    return _table(["Row", "If", "Treatment", "Tax of", "EN 16931", "Law", "Flags"], rows)


def vat_remarks() -> str:
    """Warnings and ways to reclaim."""
    table = packaged_table()
    rows = [
        [
            kind,
            f"`{one.name}`",
            _cell("; ".join(f"{question}: {', '.join(wanted)}" for question, wanted in one.when.items())),
        ]
        for kind, remarks in (("warning", table.warnings), ("way to reclaim", table.reclaims))
        for one in remarks
    ]
    return _table(["Kind", "Name", "If"], rows)


def vat_national() -> str:
    """National articles beside the Directive, by the state of dispatch or of the seller."""
    national = packaged_table().national
    rows = [[name, state, law] for name, laws in national.items() for state, law in laws.items()]
    return _table(["Note", "State", "Article"], rows)


def requirements() -> str:
    """Every requirement with the tests that name it."""
    rows = []
    for one, entry in held.requirement_rows().items():
        tests = held.tests_by_id().get(one, [])
        if tests:
            shown = "<br>".join(f"`{_short(test)}`" for test in tests[:4])
            tested = shown + (f"<br>and {len(tests) - 4} more" if len(tests) > 4 else "")
        else:
            tested = "**open**: " + entry.get("open", "no test names it yet")
        text = f"*{entry['title']}.* {entry['text']}" if "title" in entry else entry["text"]
        rows.append([f"`{one}`", _cell(text), _cell(entry["source"]), tested])
    return _table(["Id", "Requirement", "Source", "Held by"], rows)


def coverage() -> str:
    """How many requirements are held by a test."""
    every = held.requirement_rows()
    named = [one for one in every if one in held.tests_by_id()]
    return f"{len(named)} of {len(every)} requirements are named by at least one test."


def _short(test: str) -> str:
    return test.removeprefix("tests/").removeprefix("src/customer_accounts/")


def promises() -> str:
    """The promises of the FAQ with their pages and tests."""
    entries = tomllib.loads((facts.DOCS / "_data" / "promises.toml").read_text("utf-8"))
    tests = held.promise_tests()
    rows = [
        [f"`{one}`", _cell(entry["text"]),
         ", ".join(f"[{page}](features/{page}.md)" for page in entry["features"] if fact_pages.page_of(page).exists()),
         "<br>".join(f"`{name}`" for name in tests.get(one, [])) or "–"]
        for one, entry in entries.items()
    ]  # fmt: skip
    return _table(["Id", "Promise", "Page", "Test"], rows)


def controls() -> str:
    """Every way to authenticate, its controls, and the tests that hold each (DOC-01)."""
    entries = tomllib.loads((facts.DOCS / "_data" / "controls.toml").read_text("utf-8"))
    parts = []
    for name, entry in entries.items():
        rows = [
            [_cell(control), _cell(", ".join(ids)), _shown(held.tests_of(ids, entry["modules"]))]
            for control, ids in entry["controls"].items()
        ]
        commands = ", ".join(f"`{one}`" for one in entry["commands"])
        head = ["Control", "Requirement", "Test"]
        parts += [f"**{name}** — {commands}", "", _table(head, rows), ""]
    return "\n".join(parts)


def _shown(tests: list[str]) -> str:
    return "<br>".join(f"`{_short(test)}`" for test in dict.fromkeys(tests)) or "open"


MAKERS: dict[str, Callable[[], str]] = {
    one.__name__: one
    for one in (
        commands, features, everywhere, refusals, mails, limits, lifetimes, retention,
        classification, vat_goods, vat_services, vat_remarks, vat_national,
        requirements, coverage, promises, controls,
    )
}  # fmt: skip


class Generated(SphinxDirective):
    """Insert a generated table, or the states of a machine as a drawing with its table."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make it, and let the parser of the page read it."""
        self.env.note_reread()  # what it is made from is no part of the page
        name = self.arguments[0]
        if name == "states":
            machine = states.MACHINES[self.arguments[1]]
            figure = nodes.raw("", f'<figure class="states">{states.svg_of(machine)}</figure>', format="html")
            return [figure, *self._parsed(states.table_of(machine))]
        return self._parsed(MAKERS[name]())

    def _parsed(self, markdown: str) -> list[nodes.Node]:
        holder = nodes.container()
        lines = StringList(markdown.splitlines(), source=self.env.docname)
        self.state.nested_parse(lines, self.content_offset, holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
