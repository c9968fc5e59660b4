"""How the headers of our mails are folded.

Python folds two kinds of headers wrongly: a long quoted name loses its quotes, so that one address becomes
several (CPython issue 80222, mended in newer releases only), and the long address of a page becomes an
encoded word, which mailboxes do not read in ``List-Unsubscribe``.  `MailPolicy` writes these itself and
leaves all others to Python.
"""

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy

#: Characters of a line that RFC 5322 2.1.1 recommends at most, one kept free.
_LINE = 77

_WHOLE = frozenset({"list-unsubscribe", "message-id"})


class MailPolicy(EmailPolicy):
    """The policy of every mail that this library composes; made with CRLF as *linesep*."""

    def fold(self, name: str, value: str) -> str:
        """Fold one header into text."""
        return self._own_fold(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """Fold one header into bytes."""
        return self._own_fold(name, value).encode() or super().fold_binary(name, value)

    def _own_fold(self, name: str, value: str) -> str:
        if name.lower() in _WHOLE:
            return f"{name}: {value}{self.linesep}"
        addresses: tuple[Address, ...] = getattr(value, "addresses", ())
        if len(addresses) != 1 or not addresses[0].display_name:
            return ""
        return self._named(name, addresses[0])

    def _named(self, name: str, mailbox: Address) -> str:
        line = f"{name}: {mailbox}"
        if (self.utf8 or line.isascii()) and len(line) <= _LINE:
            return line + self.linesep
        if self.utf8 or line.isascii():
            quoted = str(mailbox).removesuffix(f" <{mailbox.addr_spec}>")
        else:
            header = Header(mailbox.display_name, "utf-8", maxlinelen=_LINE, header_name=name)
            quoted = header.encode(linesep=self.linesep)
        return f"{name}: {quoted}{self.linesep} <{mailbox.addr_spec}>{self.linesep}"
