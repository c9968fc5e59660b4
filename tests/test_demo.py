"""The demo: all promises are played in each language, each is checked, and a broken one is named."""

import io
import re
import sys
import tomllib
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from string import Formatter

import pytest
from attrs import frozen
from rich.console import Console

from customer_accounts import __main__ as package
from customer_accounts.command import refuse
from customer_accounts.demo import main
from customer_accounts.demo.files import Files, OccupiedError, files_for
from customer_accounts.demo.narration import Narration, language_of
from customer_accounts.demo.playing import Outcome, play
from customer_accounts.demo.promises import PROMISES
from customer_accounts.demo.scene import Scene
from customer_accounts.demo.screen import Screen
from customer_accounts.demo.stage import Stage
from customer_accounts.features.benefits import MyAccount
from customer_accounts.features.delivery_address import AddAddress
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.guest_order import RecordOrder
from customer_accounts.features.identity_links import LinkIdentity
from customer_accounts.features.my_orders import MyOrder, MyOrders
from customer_accounts.features.newsletter import SubscribeNewsletter
from customer_accounts.features.order_tracking import RecordShipment
from customer_accounts.features.registration import CorrectRegistrationAddress, Register, ResendConfirmation
from customer_accounts.features.reseller import RequestResellerPricing
from customer_accounts.features.sign_in import SignIn
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.features.support import ConvertGuest
from customer_accounts.features.vat_answer import RecordVatAnswer
from customer_accounts.features.wish_list import AddToWishList
from customer_accounts.refusals import Reason
from customer_accounts.testing.fake_vies import FakeVies
from customer_accounts.testing.mailbox import Mailbox, text_of

IDS = [f"F{number:02}" for number in range(1, 28)]
LANGUAGES = ("fr", "de", "en")
SUMS = {
    "fr": "27 promesses tenues sur 27",
    "de": "27 von 27 Versprechen gehalten",
    "en": "27 of 27 promises kept",
}
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

#: For each promise a command without which it cannot be kept.
NEEDED = {
    "F01": Register,
    "F02": SignIn,
    "F03": ConfirmEmail,
    "F04": Register,
    "F05": ResendConfirmation,
    "F06": CorrectRegistrationAddress,
    "F07": MyOrder,
    "F08": MyOrders,
    "F09": AddToWishList,
    "F10": AddAddress,
    "F11": RecordOrder,
    "F12": RecordOrder,
    "F13": SubscribeNewsletter,
    "F14": RecordShipment,
    "F15": RecordOrder,
    "F16": ConvertGuest,
    "F17": RecordOrder,
    "F18": LinkIdentity,
    "F19": SignInWithIdentity,
    "F20": SignInWithIdentity,
    "F21": MyAccount,
    "F22": RecordVatAnswer,
    "F23": RecordVatAnswer,
    "F24": RecordVatAnswer,
    "F25": RecordOrder,
    "F26": MyAccount,
    "F27": RequestResellerPricing,
}


@frozen
class Run:
    """A finished run of the command."""

    language: str
    code: int
    screen: str
    folder: Path

    @property
    def mails(self) -> list[Path]:
        """The mails that it kept, in their order."""
        return sorted(self.folder.joinpath("shop-mails").iterdir())


@pytest.fixture(name="run", scope="module", params=LANGUAGES)
def _run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole story, in one language."""
    folder = tmp_path_factory.mktemp(request.param)
    screen = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        patch.setenv("COLUMNS", "80")
        code = main(["--lang", request.param, "--db", str(folder / "shop.db")])
    screen.seek(0)
    return Run(request.param, code, screen.read(), folder)


@pytest.fixture(name="stage")
def _stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage on which single promises are played."""
    with Mailbox() as mailbox, FakeVies() as vies:
        stage = Stage(tmp_path / "shop.db", mailbox, vies)
        yield stage
        stage.close()


def _played(stage: Stage, folder: Path, *promises: str, language: str = "en") -> list[Outcome]:
    folder.joinpath("mails").mkdir(exist_ok=True)
    files = Files(folder / "shop.db", folder / "mails", keeps_database=True)
    chosen = {one: PROMISES[one] for one in promises}
    return play(stage, files, Narration(language), Screen(), chosen)


def _texts(language: str) -> dict[str, dict[str, str]]:
    path = Path(package.__file__).parent / "demo" / "texts" / f"{language}.toml"
    tables: dict[str, dict[str, str]] = tomllib.loads(path.read_text("utf-8"))
    return tables


def test_all_promises_are_kept_in_order(run: Run) -> None:
    """F01 to F27: each is played once, in order, all are kept, the last line says so, and the exit code is 0."""
    assert re.findall(r"^(F\d\d) ", run.screen, re.MULTILINE) == IDS
    assert run.screen.rstrip().splitlines()[-1] == SUMS[run.language]
    assert run.code == 0
    kept = _texts(run.language)["words"]["kept"]
    assert len(re.findall(rf"^     {kept} ", run.screen, re.MULTILINE)) == len(IDS)


def test_every_sentence_is_told_and_nothing_is_left_open(run: Run) -> None:
    """Each promise tells what happened and what somebody does not get; no placeholder is left in place."""
    blocks = re.split(r"^(?=F\d\d )", run.screen, flags=re.MULTILINE)[1:]
    words = _texts(run.language)["words"]
    for block in blocks:
        assert re.search(r"^     - ", block, re.MULTILINE), block
        assert re.search(rf"^     {words['but']} ", block, re.MULTILINE), block
        assert "{" not in block
    assert words["wrong"] not in run.screen
    assert len(re.findall(rf"^     {words['mail']} .*@", run.screen, re.MULTILINE)) >= 20


def test_it_fits_into_80_columns_without_colours(run: Run) -> None:
    """Piped, there are no control sequences and no trailing blanks; only what cannot be broken is longer."""
    assert "\x1b" not in run.screen
    for line in run.screen.splitlines():
        assert line == line.rstrip()
        assert len(line) <= 80 or str(run.folder) in line, line


def test_the_mails_stay_as_files(run: Run) -> None:
    """The folder is named, and holds every mail as it was sent, in the language of the run."""
    assert str(run.folder / "shop-mails") in run.screen
    assert len(run.mails) > 10
    for path in run.mails:
        message = message_from_bytes(path.read_bytes(), policy=default)
        assert re.fullmatch(r"\d{3}-F\d\d-\S+@\S+\.eml", path.name)
        assert message["Content-Language"] == run.language
        assert text_of(message)
        assert message["Subject"]


def test_secrets_stay_where_they_belong(run: Run) -> None:
    """PW-13, TK-03: the generated password is on the screen once and nowhere else; no link's text is, or is stored."""
    passwords = re.findall(r"\b[a-z]{4}(?:-[a-z]{4}){3}\b", run.screen)
    assert len(passwords) == 1
    mails = "".join(_readable(one) for one in run.mails)
    database = b"".join(one.read_bytes() for one in run.folder.glob("shop.db*"))
    for password in (*passwords, "eleven quiet herons"):
        assert password not in mails
        assert password.encode() not in database
    tokens = set(TOKEN.findall(mails))
    assert len(tokens) > 10
    assert not [one for one in tokens if one.encode() in database or one in run.screen]


def _readable(path: Path) -> str:
    """Give the subject and both texts of a mail, as a customer reads them."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    html = message.get_body(("html",))
    assert html is not None
    return f"{message['Subject']}\n{text_of(message)}\n{html.get_content()}"


@pytest.mark.parametrize("promise", IDS)
def test_a_broken_promise_is_noticed(
    promise: str, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each promise, kept otherwise, is broken where a command that it needs is replaced by a refusal."""
    monkeypatch.setattr(NEEDED[promise], "decide", lambda *_: refuse(Reason.NOT_ALLOWED))
    (outcome,) = _played(stage, tmp_path, promise)
    assert not outcome.kept
    assert [one for one in outcome.checks if not one.kept and one.found]


@pytest.mark.parametrize("options", [[], ["--keep"]])
def test_a_broken_promise_is_named(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary names what was broken, and the exit code is 1; the others are played all the same."""
    monkeypatch.setattr(AddToWishList, "decide", lambda *_: refuse(Reason.NOT_ALLOWED))
    chosen = {one: PROMISES[one] for one in ("F01", "F09")}
    monkeypatch.setattr(play, "__defaults__", (chosen,))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["--lang", "en", *options]) == 1
    told = capsys.readouterr().out
    assert "Broken: F09" in told
    assert told.rstrip().endswith("1 of 2 promises kept")
    assert "RefusedError: not_allowed" in told
    assert len(list(tmp_path.glob("*/shop.db"))) == len(options)
    assert list(tmp_path.glob("*/mails/*.eml"))


def test_nothing_claimed_is_nothing_kept(stage: Stage, tmp_path: Path) -> None:
    """A promise whose function checks nothing does not count as kept."""
    assert not Outcome("F01", ()).kept
    (outcome,) = _played(stage, tmp_path, "F02")
    assert outcome.kept
    assert all(one.found == "" for one in outcome.checks)


def test_what_was_found_shows_no_link(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """LG-01: where a claim is wrong, what was found is shown without the one-time text of a link."""
    scene = Scene("F04", stage, Narration("en"), Screen())
    scene.saw("open", False, f"https://shop.example/{'x' * 43}")
    assert scene.checks[0].found == "'https://shop.example/…'"
    assert "WRONG" in capsys.readouterr().out


def test_the_languages_say_the_same() -> None:
    """Each sentence exists in French, German and English, with the same values in it, and none is empty."""
    french, german, english = (_texts(one) for one in LANGUAGES)

    def placeholders(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert ["words", *IDS] == list(english)
    for table, sentences in english.items():
        assert list(french[table]) == list(german[table]) == list(sentences)
        for name, text in sentences.items():
            for other in (french[table][name], german[table][name]):
                assert other.strip()
                assert placeholders(other) == placeholders(text), (table, name)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "fr", "LANG": "de"}, "fr"),
        ({"LANG": "it_IT.UTF-8"}, "en"),
    ],
)
def test_the_language_of_the_environment(environment: dict[str, str], language: str) -> None:
    """French and German environments get their language, all others English; the strongest variable counts."""
    assert language_of(environment) == language


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database or a folder of mails that exists is left as it is: exit code 2, and the reason."""
    taken = tmp_path / "shop.db"
    taken.write_text("mine")
    assert main(["--lang", "en", "--db", str(taken)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert taken.read_text() == "mine"
    tmp_path.joinpath("other-mails").mkdir()
    with pytest.raises(OccupiedError, match="gibt es schon"):
        files_for(str(tmp_path / "other.db"), Narration("de"), keep=False)
    with pytest.raises(OccupiedError, match="Impossible de créer"):
        files_for(str(tmp_path / "missing" / "shop.db"), Narration("fr"), keep=False)


def test_a_temporary_database_goes_unless_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --db both lie in a new folder; the database goes with its side files, the mails stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for keep in (False, True):
        files = files_for(None, Narration("en"), keep=keep)
        wal = files.database.with_name("shop.db-wal")
        for one in (files.database, wal):
            one.write_text("x")
        assert files.save([b"To: a@b.example\r\n\r\n"], "F01") == 1
        files.tidy()
        assert (files.database.exists(), wal.exists()) == (keep, keep)
        assert [one.name for one in files.mails.iterdir()] == ["001-F01-a@b.example.eml"]


def test_what_a_terminal_cannot_print_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal that knows ASCII only, the story goes on with question marks, and without an error."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii", write_through=True))
    Screen().say("Zoë’s")
    assert raw.getvalue() == b"Zo??s\n"


def test_terminals_get_colours_unless_they_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows colours; with NO_COLOR set there are none."""
    for variable, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", variable)
        monkeypatch.setenv("TERM", "xterm-256color")
        screen, written = Screen(), io.StringIO()
        screen._console = Console(file=written, force_terminal=True, highlight=False, soft_wrap=True)
        screen.line("mail", "mail", "anna@mail.example", 6)
        assert ("\x1b[36m" in written.getvalue()) is coloured


@pytest.mark.parametrize("missing", ["aiosmtpd", "rich", "sqlalchemy"])
def test_a_missing_package_is_said_in_a_sentence(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra, the command names what to install, with exit code 2 and no traceback."""
    monkeypatch.setitem(sys.modules, missing, None)
    assert package.main(["demo"]) == 2
    told = capsys.readouterr().err
    assert missing in told
    assert "customer-accounts[demo]" in told
