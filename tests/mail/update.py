"""Write the snapshots of all mails anew: ``python -m tests.mail.update``, then read the difference."""

from email.message import EmailMessage
from pathlib import Path

from customer_accounts.mail import compose
from customer_accounts.wording import LOCALES
from tests.mail.samples import NOW, SETTINGS, in_language, samples

FOLDER = Path(__file__).parent / "snapshots"


def rendered() -> dict[str, str]:
    """Give the content of every snapshot by file name."""
    found: dict[str, str] = {}
    for sample in samples():
        for locale in LOCALES:
            message = compose(in_language(sample.task, locale), SETTINGS, NOW)
            assert isinstance(message, EmailMessage), f"{sample.name}: {message}"
            found |= _files(f"{sample.name}.{locale}", message)
    return found


def _files(name: str, message: EmailMessage) -> dict[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    head = "".join(f"{key}: {value}\n" for key, value in message.items())
    return {f"{name}.txt": f"{head}\n{plain.get_content()}", f"{name}.html": str(html.get_content())}


def main() -> None:
    """Replace all snapshots."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, content in rendered().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
