"""The facts of each feature as its page states them: written, compared, and brought up to date.

``python docs/_ext/fact_pages.py`` writes them anew into every page; `tests/test_docs.py` says where
page and code differ.
"""

import sys
import tomllib
from importlib.resources import files
from pathlib import Path

from facts import DOCS, NOTHING, Facts, commands_of, facts_of, feature_names

from customer_accounts.outbox import MailPurpose
from customer_accounts.refusals import Reason, Refused

BEGIN, END = "% facts: begin (written by docs/_ext/fact_pages.py, held by tests/test_docs.py)", "% facts: end"


def _listed(values: tuple[str, ...], empty: str = "none") -> str:
    return ", ".join(f"`{one}`" for one in values) or empty


def rendered(feature: str, kept: dict[str, str]) -> str:
    """Write the facts of one feature as Markdown.

    Args:
        kept: the line "Writes" of each command; what a command writes is said by hand, because it depends on types
            that the syntax does not show; whether it writes at all is compared.
    """
    facts = [facts_of(one) for one in commands_of(feature)]
    parts = [BEGIN, ""]
    for one in facts:
        written = kept.get(one.command, "?") if one.writes else NOTHING
        first = one.summary.split("\n\n")[0].replace("\n", " ")
        parts += [
            f"### {one.command}", "", first, "",
            "| Question | Answer |", "|---|---|",
            f"| Who may ask | {_listed(one.actors)} |",
            f"| Reads | {_listed(one.reads, NOTHING)} |",
            f"| Writes | {written} |",
            f"| Counted against | {_listed(one.limits, NOTHING)} |",
            f"| Refusals | {_listed(one.refusals)} |",
            f"| Events | {_listed(one.events)} |",
            f"| Mails | {_listed(one.mails)} |",
            "",
        ]  # fmt: skip
    return "\n".join([*parts, *_refusals(facts), *_mails(facts), END])


def _refusals(facts: list[Facts]) -> list[str]:
    used = {one for fact in facts for one in fact.refusals}
    if not used:
        return ["### Refusals", "", "None of its own; see [what every command may answer](index.md).", ""]
    rows = [
        f"| `{reason.value}` | {Refused(reason).http_status} | {refusal_text(reason, 'en')} |"
        for reason in Reason
        if reason.value in used
    ]
    return ["### Refusals", "", "| Reason | HTTP | Text |", "|---|---|---|", *rows, ""]


def refusal_text(reason: Reason, locale: str) -> str:
    """Give the text of a reason; a placeholder stays visible in braces."""
    texts = tomllib.loads(files("customer_accounts").joinpath("texts", "refusals.toml").read_text("utf-8"))
    return texts[reason.value][locale].replace("|", "\\|")


def _mails(facts: list[Facts]) -> list[str]:
    used = {one for fact in facts for one in fact.mails}
    if not used:
        return ["### Mails", "", "None.", ""]
    rows = [f"| `{one.value}` | {mail_subject(one, 'en')} |" for one in MailPurpose if one.value in used]
    return ["### Mails", "", "| Mail | Subject |", "|---|---|", *rows, ""]


def mail_subject(purpose: MailPurpose, locale: str) -> str:
    """Give the subject of a mail in its plainest form."""
    path = files("customer_accounts.mail").joinpath("texts", f"{purpose.value}.toml")
    pieces = tomllib.loads(path.read_text("utf-8"))[locale]
    found = pieces.get("subject") or next(text for key, text in pieces.items() if key.startswith("subject"))
    return found.replace("|", "\\|")


def page_of(feature: str) -> Path:
    """Give the path of a feature's page."""
    return DOCS / "features" / f"{feature}.md"


def stated(text: str) -> str:
    """Give the part of a page that states the facts.

    Raises:
        ValueError: the page has none.
    """
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def kept_writes(text: str) -> dict[str, str]:
    """Give what a page says is written, by command."""
    kept: dict[str, str] = {}
    command = ""
    for line in text.splitlines():
        if line.startswith("### "):
            command = line[4:]
        elif line.startswith("| Writes | "):
            kept[command] = line.removeprefix("| Writes | ").removesuffix(" |")
    return kept


def problems(feature: str, page: str) -> list[str]:
    """Compare a page with the code, and say each difference."""
    if BEGIN not in page or END not in page:
        return [f"{feature}: the page states no facts"]
    wanted = rendered(feature, kept_writes(page)).splitlines()
    given = stated(page).splitlines()
    missing = [f"{feature}: missing: {line}" for line in wanted if line not in given]
    stale = [f"{feature}: stale: {line}" for line in given if line not in wanted]
    unclear = [
        f"{feature}: the page does not say what is written: {line}"
        for line in given
        if line == "| Writes | ? |"
    ]
    order = [] if missing or stale or given == wanted else [f"{feature}: the facts stand in another order"]
    return [*missing, *stale, *unclear, *order]


def main() -> None:
    """Write the facts of all pages that exist anew."""
    for feature in feature_names():
        path = page_of(feature)
        if not path.exists():
            sys.stderr.write(f"no page for {feature}\n")
            continue
        page = path.read_text("utf-8")
        if BEGIN not in page:
            sys.stderr.write(f"no facts in the page of {feature}\n")
            continue
        new = page.replace(stated(page), rendered(feature, kept_writes(page)))
        if new != page:
            path.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
