"""Writing a letter: the plan of its purpose, filled with texts and words.

What lives here: the step from data to blocks.  How blocks look is for `html` and `plain`.
"""

from attrs import frozen

from customer_accounts.mail.blocks import (
    Block,
    Button,
    Code,
    Foot,
    Letter,
    Link,
    Listing,
    Paragraph,
    SmallPrint,
)
from customer_accounts.mail.clean import clean
from customer_accounts.mail.matter import Matter
from customer_accounts.mail.plans import PLANS, Kind, Step
from customer_accounts.mail.texts import COMMON, MailTexts


@frozen
class _Pen:
    matter: Matter
    texts: MailTexts

    def piece(self, piece: str) -> str:
        """Give a piece of this mail, filled; empty if no variant of it applies."""
        return self._fill(self.matter.purpose.value, piece)

    def common(self, piece: str) -> str:
        return self._fill(COMMON, piece)

    def _fill(self, name: str, piece: str) -> str:
        text = self.texts.find(name, self.matter.language, piece, self.matter.variants)
        return "" if text is None else text.format_map(self.matter.words)

    def block(self, step: Step) -> Block | None:
        matter = self.matter
        match step.kind:
            case Kind.SHOW_CODE:
                return Code(matter.code)
            case Kind.LIST:
                return Listing(matter.lists[step.source], self.piece(step.piece))
            case Kind.PRESS:
                return Button(self.piece(step.piece), matter.links[step.source], self.common("hint"))
            case Kind.VISIT:
                return Link(self.piece(step.piece), matter.links[step.source])
            case _:
                text = self.piece(step.piece)
                kind = Paragraph if step.kind is Kind.SAY else SmallPrint
                return kind(text) if text else None


def write_letter(matter: Matter, texts: MailTexts) -> Letter:
    """Write the letter of one mail."""
    pen = _Pen(matter, texts)
    steps = [step for step in PLANS[matter.purpose] if not step.when or step.when in matter.flags]
    blocks = (pen.block(step) for step in steps)
    storefront = matter.storefront
    return Letter(
        language=matter.language,
        subject=pen.piece("subject"),
        preview=pen.piece("preview"),
        greeting=pen.common("greeting"),
        blocks=tuple(block for block in blocks if block is not None),
        closing=pen.common("closing"),
        foot=Foot(
            shop=matter.words["shop"],
            url=storefront.base_url,
            question=pen.common("question"),
            contact=storefront.contact,
            postal=" · ".join(clean(line) for line in storefront.postal.splitlines() if line.strip()),
        ),
    )
