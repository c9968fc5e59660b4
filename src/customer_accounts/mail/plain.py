"""The plain text part of a mail: complete on its own.

Rules: lines of at most 78 characters, as RFC 5322 2.1.1 asks; an address or number is never broken, it
stands on a line of its own and may be longer.
"""

import textwrap

from customer_accounts.mail.blocks import Block, Button, Code, Letter, Link, Paragraph, SmallPrint

WIDTH = 78


def plain_of(letter: Letter) -> str:
    """Give the text part of a letter."""
    blocks = (_block(block) for block in letter.blocks)
    return "\n\n".join([_wrapped(letter.greeting), *blocks, _wrapped(letter.closing), _foot(letter)]) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text) | SmallPrint(text):
            return _wrapped(text)
        case Button(label, url) | Link(label, url):
            return f"{_wrapped(label)}\n{url}"
        case Code(text):
            return f"    {text}"
        case _:
            return "\n".join(_item(item.text, item.url) for item in block.items)


def _item(text: str, url: str) -> str:
    line = _wrapped(text, first="- ", further="  ")
    return f"{line}\n  {url}" if url else line


def _foot(letter: Letter) -> str:
    foot = letter.foot
    lines = (_wrapped(foot.question), _wrapped(foot.shop), _wrapped(foot.postal), foot.url)
    return "\n".join(["-- ", *(line for line in lines if line)])


def _wrapped(text: str, first: str = "", further: str = "") -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
