"""The HTML part of a mail: one layout for all.

Rules: valid HTML5 with its language; styles inline, because several mailboxes drop the rest; nothing is
loaded from anywhere, so that opening a mail tells nobody; at most 600 pixels wide; letters and button large
enough for a thumb; readable in dark mode; every text is escaped.
"""

from html import escape
from urllib.parse import quote

from customer_accounts.mail.blocks import (
    Block,
    Button,
    Code,
    Item,
    Letter,
    Link,
    Paragraph,
    SmallPrint,
)

_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_TEXT = "margin:0 0 18px;font-size:17px;line-height:1.5"
_SMALL = "margin:0 0 18px;font-size:14px;line-height:1.5;color:#555555"
_CLEAR = "word-break:break-all;overflow-wrap:anywhere"
_BUTTON = (
    "display:block;padding:15px 24px;font-size:18px;line-height:1.3;font-weight:600;"
    "color:#ffffff;text-decoration:none"
)
_CARD = (
    "max-width:600px;margin:0 auto;padding:28px 22px;box-sizing:border-box;"
    "background:#ffffff;color:#1f2328;border-radius:10px"
)
_TABLE = "width:100%;margin:0 0 12px;border-collapse:separate;border-spacing:0"
_SHOP = "margin:0 0 22px;font-size:20px;line-height:1.3;font-weight:700"
_LIST = "margin:0 0 18px;padding:0 0 0 22px;font-size:17px;line-height:1.5"
_CODE = (
    "margin:0 0 18px;padding:14px 8px;font-family:Menlo,Consolas,monospace;font-size:26px;line-height:1.3;"
    "letter-spacing:2px;text-align:center;background:#f0f2f5;border-radius:8px"
)
_HIDDEN = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px"

#: Mailboxes that know dark mode read this; the others keep the inline colours.
_STYLE = (
    ":root{color-scheme:light dark}"
    "@media (prefers-color-scheme:dark){"
    ".page{background:#121417!important}.card{background:#1e2125!important;color:#e8eaed!important}"
    ".small{color:#b0b5bb!important}.code{background:#2c3036!important;color:#ffffff!important}"
    ".link{color:#8ab4f8!important}.press{background:#2f6fd6!important}.rule{border-color:#3a3f45!important}}"
)


def html_of(letter: Letter) -> str:
    """Give the HTML part of a letter."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{letter.language}">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="supported-color-schemes" content="light dark">',
            f"<title>{escape(letter.subject)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            f'<body class="page" style="margin:0;padding:0;background:#f0f2f5;{_FONT}">',
            f'<div style="{_HIDDEN}">{escape(letter.preview)}</div>',
            '<div class="page" style="padding:16px 8px;background:#f0f2f5">',
            f'<div class="card" style="{_CARD}">',
            *_body(letter),
            "</div>",
            "</div>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _body(letter: Letter) -> list[str]:
    contact = letter.foot.contact
    return [
        f'<p style="{_SHOP}">{escape(letter.foot.shop)}</p>',
        _paragraph(letter.greeting, contact),
        *(_block(block, contact) for block in letter.blocks),
        _paragraph(letter.closing, contact),
        *_foot(letter),
    ]


def _block(block: Block, contact: str) -> str:
    match block:
        case Paragraph(text):
            return _paragraph(text, contact)
        case SmallPrint(text):
            return _small(_linked(text, contact))
        case Button():
            return _button(block)
        case Link(label, url):
            return f'<p style="{_TEXT}">{_anchor(url, label)}</p>'
        case Code(text):
            return f'<p class="code" style="{_CODE}">{escape(text)}</p>'
        case _:
            lines = "".join(_item(item, block.label) for item in block.items)
            return f'<ul style="{_LIST}">{lines}</ul>'


def _button(button: Button) -> str:
    # The cell carries the colour, because some mailboxes ignore the padding of a link.
    clear = f'<span style="{_CLEAR}">{_anchor(button.url, button.url)}</span>'
    return "\n".join(
        [
            f'<table role="presentation" style="{_TABLE}"><tbody><tr>',
            '<td class="press" style="background:#1a56b8;border-radius:8px;text-align:center">',
            f'<a href="{escape(button.url)}" style="{_BUTTON}">{escape(button.label)}</a>',
            "</td></tr></tbody></table>",
            _small(f"{escape(button.hint)}<br>{clear}"),
        ]
    )


def _item(item: Item, label: str) -> str:
    link = f"<br>{_anchor(item.url, label)}" if item.url else ""
    return f'<li style="margin:0 0 10px;overflow-wrap:anywhere">{escape(item.text)}{link}</li>'


def _foot(letter: Letter) -> list[str]:
    foot = letter.foot
    postal = f"<br>{escape(foot.postal)}" if foot.postal else ""
    return [
        '<hr class="rule" style="margin:26px 0 18px;border:0;border-top:1px solid #d5d9de">',
        _small(_linked(foot.question, foot.contact)),
        _small(f"{_anchor(foot.url, foot.shop)}{postal}"),
    ]


def _paragraph(text: str, contact: str) -> str:
    return f'<p style="{_TEXT}">{_linked(text, contact)}</p>'


def _small(markup: str) -> str:
    return f'<p class="small" style="{_SMALL}">{markup}</p>'


def _anchor(url: str, label: str) -> str:
    return f'<a class="link" href="{escape(url)}" style="color:#1a56b8">{escape(label)}</a>'


def _linked(text: str, contact: str) -> str:
    return escape(text).replace(escape(contact), _anchor(f"mailto:{quote(contact, safe='@')}", contact))
