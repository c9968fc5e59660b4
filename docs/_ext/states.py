"""The states of registrations, accounts, orders, newsletters and VAT numbers: one piece of data, drawn and tested.

`tests/test_docs.py` plays each move against the storage in memory; the pages print the same moves as a table and as
a drawing.
"""

from html import escape

from attrs import frozen


@frozen
class Move:
    """From one state to another, and what does it: a command, or ``purge``."""

    before: str
    by: str
    after: str


@frozen
class Machine:
    """States with their places in the drawing (column, row), and the moves between them."""

    name: str
    title: str
    states: dict[str, tuple[int, int]]
    moves: tuple[Move, ...]
    #: What each state means.
    meaning: dict[str, str]


ACCOUNT = Machine(
    "account",
    "A registration and the account that begins with its proof",
    {"nothing": (0, 0), "waiting": (1, 0), "open": (2, 0), "closed": (3, 0)},
    (
        Move("nothing", "Register", "waiting"),
        Move("waiting", "Register", "waiting"),
        Move("waiting", "CorrectRegistrationAddress", "waiting"),
        Move("waiting", "purge", "nothing"),
        Move("waiting", "ConfirmEmail", "open"),
        Move("nothing", "SignInWithIdentity", "open"),
        Move("open", "ChangePassword", "open"),
        Move("open", "CloseAccount", "closed"),
    ),
    {
        "nothing": "The address is not known.",
        "waiting": "A pending registration: no sign-in, nothing to read. It ends after `registration_lifetime`, "
        "or when somebody else proves the mailbox first.",
        "open": "An account. Its address is proven, and nobody else can have it.",
        "closed": "The account has ended. Its sessions and links are dead, and its address is free again.",
    },
)

ORDER = Machine(
    "order",
    "An order, as far as this library follows it",
    {
        "nothing": (0, 0),
        "placed": (1, 0),
        "paid": (2, 0),
        "shipped": (3, 0),
        "delivered": (4, 0),
        "cancelled": (2, 1),
    },
    (
        Move("nothing", "RecordOrder", "placed"),
        Move("placed", "RecordOrderStatus", "paid"),
        Move("placed", "RecordOrderStatus", "cancelled"),
        Move("paid", "RecordShipment", "shipped"),
        Move("paid", "RecordOrderStatus", "cancelled"),
        Move("shipped", "RecordShipment", "shipped"),
        Move("shipped", "RecordOrderStatus", "delivered"),
    ),
    {
        "placed": "The host has told of it.",
        "paid": "The host has the money, or trusts to get it.",
        "shipped": "At least one parcel is on its way; the tracking mail is queued.",
        "delivered": "It arrived.",
        "cancelled": "It will not be carried out.",
        "nothing": "Not recorded yet.",
    },
)

NEWSLETTER = Machine(
    "newsletter",
    "A newsletter subscription",
    {"nothing": (0, 0), "pending": (1, 0), "active": (2, 0), "ended": (3, 0)},
    (
        Move("nothing", "SubscribeNewsletter", "pending"),
        Move("pending", "ConfirmNewsletter", "active"),
        Move("active", "Unsubscribe", "ended"),
        Move("ended", "SubscribeNewsletter", "pending"),
    ),
    {
        "nothing": "Nobody asked.",
        "pending": "Asked for; the mail with the link is on its way. No newsletter is sent.",
        "active": "The mailbox agreed. The record of the consent says when, where and to which wording.",
        "ended": "Unsubscribed. The record stays as proof of both.",
    },
)

VAT_NUMBER = Machine(
    "vat_number",
    "The VAT number of a company",
    {"not_given": (0, 1), "pending": (1, 1), "valid": (2, 0), "unverified": (2, 1), "invalid": (2, 2)},
    (
        Move("not_given", "SetCompany", "pending"),
        Move("pending", "RecordVatAnswer", "valid"),
        Move("pending", "RecordVatAnswer", "unverified"),
        Move("pending", "RecordVatAnswer", "invalid"),
        Move("pending", "RemoveCompany", "not_given"),
        Move("unverified", "RecordVatAnswer", "valid"),
        Move("unverified", "RecordVatAnswer", "invalid"),
        Move("valid", "RecordVatAnswer", "invalid"),
        Move("valid", "RecordVatAnswer", "unverified"),
        Move("invalid", "RecordVatAnswer", "valid"),
        Move("invalid", "RecordVatAnswer", "unverified"),
        Move("invalid", "SetCompany", "pending"),
    ),
    {
        "not_given": "No number, or no company: `RemoveCompany` leads here from every state, and another number is "
        "*pending* from every state.",
        "pending": "Readable; the register has not answered yet. VAT is charged for now.",
        "valid": "The register confirmed it. Goods that leave for another member state are exempt.",
        "unverified": "The register could not say. VAT is charged for now; the worker asks again. An outage makes a "
        "*valid* or *invalid* number *unverified* only when the last clear answer is older than `vat_recheck_after`.",
        "invalid": "The register said no, or it cannot be read. VAT is charged; the order goes on.",
    },
)

REQUEST = Machine(
    "request",
    "A customer's written request for an account",
    {"nothing": (0, 0), "open": (1, 0), "waiting": (2, 0), "done": (3, 0), "refused": (3, 1)},
    (
        Move("nothing", "RequestConversion", "open"),
        Move("open", "TakeRequest", "open"),
        Move("open", "AskCustomer", "waiting"),
        Move("waiting", "RequestConversion", "open"),
        Move("waiting", "FinishRequest", "done"),
        Move("open", "FinishRequest", "done"),
        Move("waiting", "RefuseRequest", "refused"),
        Move("open", "RefuseRequest", "refused"),
    ),
    {
        "nothing": "Nobody wrote, or it was long enough ago: `purge` deletes a request `requests_kept` after its last "
        "change.",
        "open": "It waits for an agent.",
        "waiting": "The customer was asked something and has not answered. Writing again opens it.",
        "done": "The customer has what was asked for.",
        "refused": "It was refused, with one of the fixed reasons.",
    },
)

ORDER_VAT = Machine(
    "order_vat",
    "The VAT of an order",
    {
        "nothing": (0, 0),
        "provisional": (1, 0),
        "final": (1, 1),
        "confirmed_late": (2, 0),
        "charged": (2, 1),
        "corrected": (3, 0),
    },
    (
        Move("nothing", "RecordOrderVat", "provisional"),
        Move("nothing", "RecordOrderVat", "final"),
        Move("provisional", "RecordVatAnswer", "confirmed_late"),
        Move("provisional", "RecordVatAnswer", "charged"),
        Move("charged", "AddVatEvidence", "confirmed_late"),
        Move("confirmed_late", "ApproveVatCorrection", "corrected"),
    ),
    {
        "nothing": "No decision is kept.",
        "provisional": "VAT was charged because the register had not answered. The number is asked on.",
        "final": "Decided for good.",
        "confirmed_late": "Exempt after all, for the day of supply. The correction waits for approval.",
        "charged": "VAT stays charged: the register said no, or its yes came too late. A document can still change it.",
        "corrected": "Approved; the customer was told. The host writes the corrected invoice and pays back.",
    },
)

MACHINES = {one.name: one for one in (ACCOUNT, ORDER, NEWSLETTER, REQUEST, VAT_NUMBER, ORDER_VAT)}

_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 200, 110, 86, 40, 40
_TEXT = 'text-anchor="middle" font-family="sans-serif" fill="currentColor" stroke="none"'


def table_of(machine: Machine) -> str:
    """Write the states and moves of a machine as Markdown."""
    states = [f"| {name} | {machine.meaning[name]} |" for name in machine.states]
    moves = [f"| {move.before} | `{move.by}` | {move.after} |" for move in machine.moves]
    return "\n".join(
        ["| State | Meaning |", "|---|---|", *states, "", "| From | By | To |", "|---|---|---|", *moves]
    )


def svg_of(machine: Machine) -> str:
    """Draw a machine as plain SVG."""
    columns = max(column for column, _ in machine.states.values()) + 1
    rows = max(row for _, row in machine.states.values()) + 1
    width, height = columns * _COLUMN, rows * _ROW + 2 * _MARGIN
    lines = _grouped(machine)
    arrows = "".join(
        _arrow(machine, before, after, by, (after, before) in lines) for (before, after), by in lines.items()
    )
    boxes = "".join(_box(machine, name) for name in machine.states)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(machine.title)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" fill="none" stroke="currentColor">'
        f'<defs><marker id="tip-{machine.name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="currentColor" '
        f'stroke="none"/></marker></defs>{arrows}{boxes}</svg>'
    )


def _grouped(machine: Machine) -> dict[tuple[str, str], list[str]]:
    lines: dict[tuple[str, str], list[str]] = {}
    for move in machine.moves:
        lines.setdefault((move.before, move.after), []).append(move.by)
    return lines


def _centre(machine: Machine, name: str) -> tuple[int, int]:
    column, row = machine.states[name]
    return column * _COLUMN + _COLUMN // 2, row * _ROW + _ROW // 2 + _MARGIN


def _box(machine: Machine, name: str) -> str:
    x, y = _centre(machine, name)
    left, top = x - _WIDTH // 2, y - _HEIGHT // 2
    return (
        f'<rect x="{left}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" stroke="currentColor"/>'
        f'<text x="{x}" y="{y + 5}" {_TEXT} font-size="14">{escape(name)}</text>'
    )


def _arrow(machine: Machine, before: str, after: str, by: list[str], both_ways: bool) -> str:
    (x1, y1), (x2, y2) = _centre(machine, before), _centre(machine, after)
    half, high = _WIDTH // 2, _HEIGHT // 2
    if before == after:
        path = f"M{x1 - 20} {y1 - high} C{x1 - 30} {y1 - 70} {x1 + 30} {y1 - 70} {x1 + 20} {y1 - high}"
        at = (x1, y1 - 62)
    elif y1 == y2 and abs(x1 - x2) == _COLUMN:
        side = 1 if x2 > x1 else -1
        lift = -8 * side if both_ways else 0
        path = f"M{x1 + half * side} {y1 + lift} L{x2 - half * side} {y2 + lift}"
        at = ((x1 + x2) // 2, y1 + lift - 6 if side > 0 else y1 + lift + 18)
    elif y1 == y2:
        path = f"M{x1} {y1 + high} C{x1} {y1 + 80} {x2} {y2 + 80} {x2} {y2 + high}"
        at = ((x1 + x2) // 2, y1 + 80)
    elif x1 == x2 and abs(y1 - y2) > _ROW:
        # Around what stands between.
        path = f"M{x1 + half} {y1} C{x1 + 100} {y1} {x2 + 100} {y2} {x2 + half} {y2}"
        at = (x1 + 92, (y1 + y2) // 2)
    elif x1 == x2:
        down = 1 if y2 > y1 else -1
        path = f"M{x1} {y1 + high * down} L{x2} {y2 - high * down}"
        at = (x1 - 50, (y1 + y2) // 2)
    else:
        down, side = y2 > y1, 1 if x2 > x1 else -1
        path = f"M{x1 + half * side} {y1} L{x2 - half * side} {y2}"
        at = ((x1 + x2) // 2 - 46 * side, (y1 + y2) // 2 + (12 if down else -4))
    labels = "".join(
        f'<text x="{at[0]}" y="{at[1] + (-14 if at[1] < y1 else 14) * line}" {_TEXT} '
        f'font-size="11">{escape(text)}</text>'
        for line, text in enumerate(by)
    )
    tip = f"url(#tip-{machine.name})"
    return f'<path d="{path}" stroke="currentColor" marker-end="{tip}"/>{labels}'
