"""The texts of the mails, shipped and of hosts."""

from pathlib import Path
from typing import ClassVar

import pytest

from customer_accounts.errors import SettingsError
from customer_accounts.mail import MailTexts, read_mail_texts
from customer_accounts.mail.letter import write_letter
from customer_accounts.mail.matter import Matter, matter_of
from customer_accounts.mail.staleness import Fresh, examine
from customer_accounts.mail.texts import COMMON, SHIPPED, names_of_files, placeholders, shipped
from customer_accounts.wording import LOCALES
from tests.mail.samples import NOW, SETTINGS, in_language, samples


class Watched(MailTexts):
    """Texts that remember which pieces were found."""

    found: ClassVar[set[tuple[str, str]]] = set()

    def find(self, name: str, language: str, piece: str, variants: tuple[str, ...] = ()) -> str | None:
        """Find a piece and remember its key."""
        for key in (*(f"{piece}_{variant}" for variant in variants), piece):
            if key in shipped(name)[language]:
                self.found.add((name, key))
                break
        return super().find(name, language, piece, variants)


def matters(locale: str = "en") -> list[Matter]:
    """Give what each sample is about."""
    found = []
    for sample in samples():
        task = in_language(sample.task, locale)
        fresh = examine(task, SETTINGS, NOW)
        assert isinstance(fresh, Fresh)
        found.append(matter_of(task, fresh, SETTINGS, NOW))
    return found


@pytest.mark.parametrize("name", names_of_files())
def test_languages_have_the_same_pieces_and_placeholders(name: str) -> None:
    """Every text exists in French, German and English, and says the same things in each."""
    texts = shipped(name)
    assert set(texts) == set(LOCALES)
    for piece in set().union(*texts.values()):
        named = {language: placeholders(texts[language].get(piece, "{missing}")) for language in LOCALES}
        assert len(set(named.values())) == 1, f"{name}.{piece}: {named}"
        assert all(texts[language][piece].strip() for language in LOCALES)


def test_texts_stand_alone() -> None:
    """No file of texts is left over from a purpose that is gone."""
    folder = Path(__file__).parents[2] / "src/customer_accounts/mail/texts"
    assert {path.stem for path in folder.iterdir()} == set(names_of_files())


def test_every_piece_is_used() -> None:
    """No text is written for nothing, and no step of a plan is without its text."""
    Watched.found.clear()
    for matter in matters():
        letter = write_letter(matter, Watched())
        assert letter.subject
        assert letter.preview
    assert Watched.found == {(name, piece) for name in names_of_files() for piece in shipped(name)["en"]}


def test_own_text_replaces_one_piece(tmp_path: Path) -> None:
    """A host's piece stands for ours in its language; all else stays; French blanks are set in it too."""
    (tmp_path / "account_closed.toml").write_text('[fr]\nsubject = "Au revoir ! {shop}"\n', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not for us")
    texts = read_mail_texts(tmp_path)
    assert texts.find("account_closed", "fr", "subject") == "Au revoir\u202f! {shop}"
    assert texts.find("account_closed", "de", "subject") == SHIPPED.find("account_closed", "de", "subject")
    assert texts.find("account_closed", "fr", "why") == SHIPPED.find("account_closed", "fr", "why")


def test_own_variant_is_found_first() -> None:
    """A host can replace one form of a text and leave the others."""
    texts = MailTexts({"tracking": {"en": {"subject_corrected": "New numbers for {number}"}}})
    assert texts.find("tracking", "en", "subject", ("corrected", "one")) == "New numbers for {number}"
    assert texts.find("tracking", "en", "subject", ("one",)) == SHIPPED.find("tracking", "en", "subject")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('[fr]\nsubjet = "x"', "account_closed.fr.subjet is unknown"),
        ('[it]\nsubject = "x"', "account_closed.it.subject is unknown"),
        ('[fr]\nsubject = "{number}"', "unknown placeholder: number"),
        ('[fr]\nsubject = "{shop.__class__}"', "only plain names"),
        ('[fr]\nsubject = "{shop!r}"', "only plain names"),
        ('[fr]\nsubject = "{shop:>9}"', "only plain names"),
        ('[fr]\nsubject = "{}"', "only plain names"),
        ('[fr]\nsubject = "{shop"', "brace without its partner"),
        ('[fr]\nsubject = "a\\nb"', "must be one line of text"),
        ('[fr]\nsubject = "a\\rb"', "must be one line of text"),
        ("[fr]\nsubject = 3", "must be one line of text"),
        ('fr = "x"', "account_closed.fr must be a table"),
        ("[fr", "cannot be read as TOML"),
    ],
)
def test_own_text_that_cannot_be_used_is_refused_when_read(
    tmp_path: Path, content: str, complaint: str
) -> None:
    """A mistake in a host's texts shows when they are read, not when a customer waits for a mail."""
    (tmp_path / "account_closed.toml").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=complaint):
        read_mail_texts(tmp_path)


def test_own_text_of_an_unknown_mail_is_refused(tmp_path: Path) -> None:
    """A file named after no mail is refused, and so is one in another encoding."""
    (tmp_path / "welcome.toml").write_text('[fr]\nsubject = "x"')
    with pytest.raises(SettingsError, match=r"welcome\.fr\.subject is unknown"):
        read_mail_texts(tmp_path)
    (tmp_path / "welcome.toml").write_bytes(b'[fr]\nsubject = "\xe9"')
    with pytest.raises(SettingsError, match="cannot be read"):
        read_mail_texts(tmp_path)


def test_shop_and_contact_may_stand_anywhere() -> None:
    """A host may name the shop and the contact in any text."""
    texts = MailTexts({COMMON: {"en": {"greeting": "Hello from {shop}, write to {contact}"}}})
    letter = write_letter(matters()[0], texts)
    assert letter.greeting == "Hello from Demo Shop, write to help@shop.example"
