"""The command itself: its options, the stage it sets up, and the exit code.

0: all promises were kept; 1: at least one was broken; 2: it could not begin.
"""

import argparse
import sys
from collections.abc import Sequence

from customer_accounts.demo.files import Files, OccupiedError, files_for
from customer_accounts.demo.narration import Narration, language_of
from customer_accounts.demo.playing import Outcome, play
from customer_accounts.demo.screen import Screen
from customer_accounts.demo.stage import Stage
from customer_accounts.testing.fake_vies import FakeVies
from customer_accounts.testing.mailbox import Mailbox
from customer_accounts.wording import LOCALES


def main(arguments: Sequence[str] = ()) -> int:
    """Play all promises, and give the exit code.

    Args:
        arguments: options as typed.
    """
    options = _parser().parse_args(list(arguments))
    narration = Narration(options.lang or language_of())
    try:
        files = files_for(options.db, narration, keep=options.keep)
    except OccupiedError as error:
        print(error, file=sys.stderr)
        return 2
    screen = Screen()
    outcomes = _played(files, narration, screen)
    return _summary(outcomes, files, narration, screen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m customer_accounts demo",
        description="Play the promises F01 to F27 on a SQLite file and a mail server of this machine.",
    )
    parser.add_argument("--lang", choices=LOCALES, help="language (default: the environment's, else English)")
    parser.add_argument("--db", metavar="PATH", help="a new SQLite file, which is kept (default: temporary)")
    parser.add_argument("--keep", action="store_true", help="keep the temporary database as well")
    return parser


def _played(files: Files, narration: Narration, screen: Screen) -> list[Outcome]:
    screen.say(narration.word("title"), "bold")
    screen.blank()
    with Mailbox() as mailbox, FakeVies() as vies:
        stage = Stage(files.database, mailbox, vies)
        try:
            return play(stage, files, narration, screen)
        finally:
            stage.close()
            files.tidy()


def _summary(outcomes: Sequence[Outcome], files: Files, narration: Narration, screen: Screen) -> int:
    count = len(list(files.mails.iterdir()))
    screen.say(narration.word("mails_are", count=count, path=files.mails))
    place = "database_is" if files.keeps_database else "database_gone"
    screen.say(narration.word(place, path=files.database))
    broken = [one.promise for one in outcomes if not one.kept]
    if broken:
        screen.say(narration.word("broken_ones", promises=", ".join(broken)), "bold red")
    kept = narration.word("sum", kept=len(outcomes) - len(broken), all=len(outcomes))
    screen.say(kept, "bold red" if broken else "bold green")
    return 1 if broken else 0
