"""Every mail, in every form and language, as it is sent."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.mail import compose
from customer_accounts.mail.plain import WIDTH
from customer_accounts.outbox import MailPurpose
from customer_accounts.wording import LOCALES
from tests.mail.samples import NOW, SETTINGS, SHOP, Sample, in_language, samples
from tests.mail.update import FOLDER, rendered

ALL = [(sample, locale) for sample in samples() for locale in LOCALES]
each = pytest.mark.parametrize(("sample", "locale"), ALL, ids=[f"{one.name}.{locale}" for one, locale in ALL])


def sent(sample: Sample, locale: str) -> EmailMessage:
    """Give the mail as its reader's mailbox parses it."""
    message = compose(in_language(sample.task, locale), SETTINGS, NOW)
    assert isinstance(message, EmailMessage)
    return message_from_bytes(message.as_bytes(), policy=default)


def part(message: EmailMessage, kind: str) -> str:
    """Give the content of one part."""
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_mails_are_as_the_snapshots_show_them() -> None:
    """Every mail is word for word as in its snapshot; ``python -m tests.mail.update`` writes them anew."""
    expected = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert rendered() == expected


def test_every_purpose_has_a_snapshot() -> None:
    """No mail is left out of the samples."""
    assert {sample.task.mail.purpose for sample in samples()} == set(MailPurpose)


@each
def test_html_is_valid(sample: Sample, locale: str) -> None:
    """The HTML part is valid HTML5, says its language, and loads nothing from anywhere."""
    html = part(sent(sample, locale), "html")
    html5lib.HTMLParser(strict=True).parse(html)
    assert f'<html lang="{locale}">' in html
    assert not re.search(
        r"<(img|script|link|iframe|object|video|audio|source|form|base)\b|url\(|@import| src=", html
    )


@each
def test_both_parts_say_the_same(sample: Sample, locale: str) -> None:
    """Whatever the text part says, links and code included, the HTML part says too."""
    message = sent(sample, locale)
    tree = html5lib.parse(part(message, "html"), namespaceHTMLElements=False)
    shown = re.sub(r"\s+", " ", "".join(tree.itertext()))
    shown += " ".join(one.get("href") or "" for one in tree.iter("a"))
    for word in re.split(r"\s+", part(message, "plain")):
        assert word in ("-", "--") or word in shown


@each
def test_text_is_readable_alone(sample: Sample, locale: str) -> None:
    """The text part has short lines; only what must not be broken is longer."""
    for line in part(sent(sample, locale), "plain").splitlines():
        assert len(line) <= WIDTH or " " not in line.strip()


@each
def test_mail_names_contact_and_no_person(sample: Sample, locale: str) -> None:
    """LG-05: every mail says whom to ask, and none repeats a name that somebody typed."""
    message = sent(sample, locale)
    for kind in ("plain", "html"):
        assert SHOP.contact in part(message, kind)
        assert "Anna" not in part(message, kind).replace("anna@", "")
        assert not re.search(r"[{}…]", re.sub(r"<style>.*</style>", "", part(message, kind)))


@each
def test_headers_are_complete(sample: Sample, locale: str) -> None:
    """RL-03, RFC 3834: a stable Message-ID, sender, recipient, language, and no answering machine."""
    mail, message = sample.task.mail, sent(sample, locale)
    assert message["Message-ID"] == f"<{mail.id}@shop.example>"
    assert message["From"].addresses[0].display_name == "Demo Shop"
    assert message["From"].addresses[0].addr_spec == "mail@shop.example"
    assert message["Reply-To"].addresses[0].addr_spec == "help@shop.example"
    assert message["To"].addresses[0].addr_spec == mail.to
    assert message["Date"].datetime == NOW
    assert message["Content-Language"] == locale
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
    assert not message.defects


@each
def test_french_blanks_never_break(sample: Sample, locale: str) -> None:
    """French sets a blank that never breaks before double punctuation; the other languages set none."""
    text = str(sent(sample, locale)["Subject"]) + part(sent(sample, locale), "plain")
    assert not re.search(r" [:;!?»]|« ", text)
    if locale == "fr":
        assert not re.search(r"[^\u202f\s][;!?](\s|$)", text)
        assert not re.search(r"[^\u00a0\s]:(\s|$)", text)
    else:
        assert "\u202f" not in text
        assert "\u00a0" not in text


def test_same_task_gives_the_same_bytes() -> None:
    """RL-03: a mail that is sent twice is the same mail."""
    for sample in samples():
        assert sent(sample, "fr").as_bytes() == sent(sample, "fr").as_bytes()


@given(tag=st.text())
def test_unknown_language_is_english(tag: str) -> None:
    """A mail in a language without texts is English, never a failure."""
    sample = next(samples())
    message = sent(sample, f"zz{tag}")
    assert message["Content-Language"] == "en"
