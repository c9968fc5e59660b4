"""The program: one module for each group of commands, added below.

Rules for every command:

* Nothing secret is an option, because options stand in the list of processes and in the shell's history: secrets
  come from the environment, and none is ever printed.
* The exit code says how it ended: see `Exit`.
* What a program reads goes to standard output, plain or with ``--json``; everything about the run itself goes to
  standard error.
* A module imports what only an extra brings inside its commands, after `needs`.
"""

import typer

from customer_accounts.cli import db, importing, lookup, mail, vat
from customer_accounts.cli.ending import Exit

app = typer.Typer(
    name="customer-accounts",
    help="Customer accounts of a shop: tables, import, lookup, mails and VAT.",
    epilog="demo: plays everything the library promises (extra demo).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(db.app, name="db")
app.command("import")(importing.import_shop)
app.command("lookup")(lookup.look_up)
app.add_typer(mail.app, name="mail")
app.add_typer(vat.app, name="vat")


@app.callback()
def options() -> None:
    """Customer accounts of a shop: tables, import, lookup, mails and VAT."""


def run(arguments: list[str]) -> int:
    """Run a command line and give its exit code."""
    code: object = Exit.DONE
    try:
        app(arguments, prog_name="customer-accounts")
    except SystemExit as end:
        # Typer ends so where its output breaks off, with the code of something that is left to do.
        code = Exit.PIPE if isinstance(end.__context__, BrokenPipeError) else end.code
    return code if isinstance(code, int) else Exit.FAULT
