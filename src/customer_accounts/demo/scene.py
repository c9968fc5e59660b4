"""One promise being played: who takes part, what is claimed, and whether it was so.

A claim is a sentence of the narration and the condition that makes it true.  It is printed either way; where the
condition does not hold, together with what was found, and then the promise is broken.
"""

import re
from email.message import EmailMessage
from uuid import uuid4

from attrs import frozen

from customer_accounts.account import Session
from customer_accounts.actors import Actor, SignedInCustomer, Visitor
from customer_accounts.demo.narration import Narration
from customer_accounts.demo.screen import Screen
from customer_accounts.demo.stage import Stage
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.mailbox import link_in, text_of, token_in

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@frozen
class Check:
    """One thing that had to be so.

    Args:
        claim: the sentence that says it.
        kept: whether it was so.
        found: what was found in its place.
    """

    claim: str
    kept: bool
    found: str = ""


@frozen
class Person:
    """Somebody in the story, in front of a browser of their own."""

    name: str
    email: str
    visitor: Visitor


class Scene:
    """What the function of a promise plays with.

    Args:
        promise: its id.
        stage: the shop.
        narration: what is said.
        screen: where it is said.
    """

    def __init__(self, promise: str, stage: Stage, narration: Narration, screen: Screen) -> None:
        self.promise, self.stage = promise, stage
        self.narration, self._screen = narration, screen
        self.shop, self.again, self.clock = stage.shop, stage.again, stage.clock
        self.checks: list[Check] = []
        self.labels = {one: narration.word(one) for one in ("saw", "mail", "but", "wrong", "kept", "broken")}
        self.gutter = max(map(len, self.labels.values())) + 2

    @property
    def language(self) -> str:
        """The language that customers and readers have in this run."""
        return self.narration.language

    def person(self, name: str, email: str = "") -> Person:
        """Give somebody; without *email* with an address of this promise's own."""
        number = sum(map(ord, name)) % 200 + 1
        visitor = Visitor(ip=f"203.0.113.{number}", browser=f"the browser of {name}, {uuid4()}")
        return Person(name, email or f"{name.lower()}@{self.promise.lower()}.example", visitor)

    def customer(self, session: Session, person: Person) -> SignedInCustomer:
        """Give the signed-in customer of a session, as a host makes it from its cookie."""
        return SignedInCustomer(
            session.account_id,
            session.session_epoch,
            session_id=str(uuid4()),
            authenticated_at=session.authenticated_at,
            ip=person.visitor.ip,
            browser=person.visitor.browser,
        )

    def token(self, address: str, link: str) -> str:
        """Give the text of the newest link of a kind that an address received.

        Raises:
            LookupError: it received none.
        """
        for message in reversed(self.stage.inbox(address)):
            try:
                return token_in(message, link)
            except LookupError:
                continue
        raise LookupError(f"no {link} link was mailed to {address}")

    def saw(self, name: str, kept: bool, found: object = None, /, **values: object) -> None:
        """Say what happened, if it did.

        Args:
            name: which sentence of this promise.
            kept: whether it is true.
            found: what was found, for the case that it is not.
            values: what the sentence's placeholders stand for.
        """
        self._claim("saw", self.narration.text(self.promise, name, **values), kept, found)

    def but(self, name: str, kept: bool, found: object = None, /, **values: object) -> None:
        """Say what somebody did not get, if so; takes what `saw` takes."""
        self._claim("but", self.narration.text(self.promise, name, **values), kept, found)

    def refused(self, name: str, answer: object, reason: Reason, /, **values: object) -> None:
        """Say that somebody was refused, with the words that they read.

        Args:
            name: which sentence of this promise; its ``{answer}`` is the text of the refusal.
            answer: what they got.
            reason: why they had to be refused.
            values: what the sentence's placeholders stand for.
        """
        kept = isinstance(answer, Refused) and answer.reason is reason
        text = answer.text(self.language) if isinstance(answer, Refused) else "…"
        self.but(name, kept, answer, answer=self.quoted(text), **values)

    def mail(self, address: str, *, link: str = "", line: str = "") -> EmailMessage:
        """Show the newest mail to an address, with a link or a line that it must have.

        Args:
            address: who received it.
            link: a name of `customer_accounts.settings.LINKS`; its one-time text is shortened on the screen.
            line: a text; the line that holds it is shown, unless the subject says it.

        Raises:
            LookupError: there is no mail, or not with that link.
        """
        received = self.stage.inbox(address)
        if not received:
            raise LookupError(f"no mail to {address}")
        message = received[-1]
        subject = str(message["Subject"])
        shown = [_TOKEN.sub(lambda found: f"{found[0][:4]}…", link_in(message, link))] if link else []
        if line not in subject:
            shown += [one.strip(" -") for one in text_of(message).splitlines() if line in one][:1]
        told = line in " ".join((subject, *shown))
        self._claim("mail", f"{address}: {self.quoted(subject)}", told, line)
        for one in shown:
            self._screen.line("mail", "", one, self.gutter)
        return message

    def quoted(self, text: str) -> str:
        """Put a text in the quotation marks of the language."""
        return self.narration.word("quote", text=text)

    def tries(self, command: object, by: Actor) -> object:
        """Give a command in the name of somebody who may not give it."""
        return self.stage.handle_any(command, by)

    def gave_up(self, error: Exception) -> None:
        """Take down that the promise could not be played to its end."""
        self._claim("saw", self.narration.word("unfinished"), False, f"{type(error).__name__}: {error}")

    def _claim(self, kind: str, sentence: str, kept: bool, found: object) -> None:
        check = Check(sentence, kept, "" if kept else _shown(found))
        self.checks.append(check)
        shown_as = kind if kept else "wrong"
        self._screen.line(shown_as, self.labels[shown_as], sentence, self.gutter)
        if not kept:
            self._screen.line("wrong", "", self.narration.word("found", found=check.found), self.gutter)


def _shown(found: object) -> str:
    if isinstance(found, Refused):
        return f"refused, {found.reason}"
    return _TOKEN.sub("…", repr(found))[:300]
