"""What the demo looks like: 80 columns, a word before each line, colours only where a terminal wants them.

``NO_COLOR`` and pipes are obeyed (rich does); what a terminal cannot print is replaced, never an error.
"""

import io
import sys
import textwrap

from rich.console import Console
from rich.text import Text

_WIDTH = 80
_INDENT = 5

_STYLES = {"mail": "cyan", "but": "yellow", "wrong": "bold red", "kept": "green", "broken": "bold red"}


class Screen:
    """Prints the story, line by line."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        self._console = Console(highlight=False, soft_wrap=True)
        self._width = min(_WIDTH, self._console.width)

    def blank(self) -> None:
        """Leave a line empty."""
        self._console.print()

    def say(self, text: str, style: str = "") -> None:
        """Print a paragraph from the left edge."""
        self._print("", text, 0, style, style)

    def promise(self, name: str, sentence: str) -> None:
        """Print the promise that comes now."""
        self._print(name, sentence, _INDENT, "bold blue", "bold")

    def line(self, kind: str, label: str, text: str, gutter: int) -> None:
        """Print one line of what happened.

        Args:
            kind: what it is, which gives its colour.
            label: the word before it.
            text: the sentence.
            gutter: width of the labels.
        """
        plain = "" if kind in ("mail", "but") else _STYLES.get(kind, "")
        self._print(" " * _INDENT + label, text, _INDENT + gutter, _STYLES.get(kind, ""), plain)

    def _print(self, label: str, text: str, indent: int, label_style: str, style: str) -> None:
        wrapped = textwrap.wrap(
            text, max(self._width - indent, 20), break_long_words=False, break_on_hyphens=False
        )
        for number, line in enumerate(wrapped or [""]):
            before = label.ljust(indent) if number == 0 else " " * indent
            self._console.print(Text.assemble((before, label_style), (line, style)))
