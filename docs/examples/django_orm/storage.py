"""`DjangoStorage`: the records as rows of Django's models.

* A write is one `atomic` block.  Within the host's own `atomic` block it is a savepoint, so that a command joins the
  transaction of a view without any more ado, and is gone with it.
* Nothing is looked up before it is written: the filter of an update compares, and the number of rows that it hit tells
  who was first.
* A read takes one snapshot of the database: on PostgreSQL by REPEATABLE READ, on SQLite by any transaction.  Within
  the host's transaction it sees what that one sees.

On SQLite the database wants ``"OPTIONS": {"transaction_mode": "IMMEDIATE"}``: writers then wait for each other at
the beginning, where they may, and not in the middle.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, assert_never
from uuid import UUID

from django.db import IntegrityError, OperationalError, connections, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from customer_accounts.account import AccountRecord
from customer_accounts.changes import (
    BounceMail,
    Change,
    Counts,
    Kept,
    Mark,
    MoveOrders,
    Purge,
    QueueMail,
    RecordEvent,
    Remove,
    Save,
    UseToken,
)
from customer_accounts.claim import ClaimRecord
from customer_accounts.errors import StaleWriteError
from customer_accounts.facts import Facts, Page, Scope
from customer_accounts.order import OrderRecord
from customer_accounts.outbox import (
    MailOutcome,
    MailRecord,
    MailStatus,
    MailTask,
    Queue,
    VatCheckRecord,
    VatTask,
)
from customer_accounts.token import TokenRecord
from examples.django_orm.models import (
    MODELS,
    Event,
    Mail,
    OrderVat,
    Registration,
    Token,
    VatEvidence,
    columns_of,
    model_of,
    record_of,
)
from examples.reading import facts_of

_QUEUED = Q(status=MailStatus.QUEUED)
#: Whether the VAT of an order names a piece of evidence.
_NAMED = [
    OrderVat.objects.filter(**{one: OuterRef("pk")}) for one in ("evidence_id", "corrected_evidence_id")
]


class DjangoStorage:
    """A storage on the models of this app.

    Args:
        using: the name of the database in Django's settings.
    """

    def __init__(self, using: str = "default") -> None:
        self._using = using

    def within(self, _: Any = None) -> "DjangoStorage":
        """Give the storage that joins the open transaction of this thread: itself."""
        return self

    def read(self, scope: Scope, /) -> Facts:
        """See `customer_accounts.ports.Storage.read`."""
        with self._snapshot():
            return facts_of(scope, self)

    def find(self, kind: type, field: str, values: Iterable[Any]) -> list[Any]:
        """See `examples.reading.Finder.find`."""
        wanted = [one for one in values if one is not None]
        return [record_of(kind, row) for row in self._rows(kind).filter(**{f"{field}__in": wanted})]

    def holders(self, number: str | None) -> list[AccountRecord]:
        """See `examples.reading.Finder.holders`."""
        rows = self._rows(AccountRecord).filter(company__vat_number=number) if number else ()
        return [record_of(AccountRecord, row) for row in rows]

    def page(self, owner: UUID | None, page: Page) -> list[OrderRecord]:
        """See `examples.reading.Finder.page`."""
        rows = self._rows(OrderRecord).filter(owner=owner, owner__isnull=False)
        if page.after is not None:
            at, reference = page.after
            rows = rows.filter(Q(placed_at__lt=at) | Q(placed_at=at, reference__lt=reference))
        rows = rows.order_by("-placed_at", "-reference")[: page.limit]
        return [record_of(OrderRecord, row) for row in rows]

    def write(self, changes: Sequence[Change], /) -> Counts:
        """See `customer_accounts.ports.Storage.write`."""
        moved: dict[UUID, int] = {}
        purged: dict[Kept, int] = {}
        with _as_overtaken(), transaction.atomic(self._using):
            for change in changes:
                match change:
                    case MoveOrders():
                        moved[change.claim_id] = moved.get(change.claim_id, 0) + self._move(change)
                    case Purge():
                        purged[change.kind] = self._purge(change)
                    case _:
                        self._apply(change)
        return Counts(moved, purged)

    def lease(self, queue: Any, /, *, limit: int, now: datetime, until: datetime) -> Any:
        """See `customer_accounts.ports.Storage.lease`."""
        kind, wanted = (MailRecord, _QUEUED) if queue is Queue.MAIL else (VatCheckRecord, Q())
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=now)
        with transaction.atomic(self._using):
            due = self._rows(kind).filter(wanted, free, due_at__lte=now).order_by("due_at")
            rows = list(due.select_for_update(skip_locked=True)[:limit])
            for row in rows:
                row.leased_until = until
                row.save(using=self._using, update_fields=["leased_until"])
            return [self._task(record_of(kind, row)) for row in rows]

    def finish(self, task: MailTask, outcome: MailOutcome, /) -> None:
        """See `customer_accounts.ports.Storage.finish`."""
        self._held(task).update(
            status=outcome.status, finished_at=outcome.at, reply=outcome.reply, to="", details=[],
            leased_until=None, attempts=F("attempts") + 1,
        )  # fmt: skip

    def fail(self, task: MailTask | VatTask, /, *, retry_at: datetime | None, reason: str) -> None:
        """See `customer_accounts.ports.Storage.fail`."""
        again = {"leased_until": None, "attempts": F("attempts") + 1}
        match task:
            case MailTask():
                told = {
                    "reply": reason,
                    **({"due_at": retry_at} if retry_at else {"status": MailStatus.DEAD}),
                }
                self._held(task).update(**told, **again)
            case VatTask():
                waiting = self._held(task)
                waiting.update(due_at=retry_at, **again) if retry_at else waiting.delete()
            case _:
                assert_never(task)

    def release(self, task: MailTask | VatTask, /) -> None:
        """See `customer_accounts.ports.Storage.release`."""
        self._held(task).update(leased_until=None)

    def _held(self, task: MailTask | VatTask) -> Any:
        """Give the row of a leased task, unless somebody else has leased it meanwhile."""
        if isinstance(task, MailTask):
            mail = task.mail
            return self._rows(MailRecord).filter(_QUEUED, id=mail.id, leased_until=mail.leased_until)
        check = task.check
        return self._rows(VatCheckRecord).filter(number=check.number, leased_until=check.leased_until)

    def _apply(self, change: Change) -> None:
        match change:
            case Save(record, None):
                self._insert(record)
            case Save(record, int(version)):
                self._hit(record, version, lambda rows: rows.update(**columns_of(record)))
            case Remove(record):
                self._hit(record, record.version, lambda rows: rows.delete()[0])
            case UseToken():
                unused = self._rows(TokenRecord).filter(digest=change.digest, used_at__isnull=True)
                used = unused.update(
                    used_at=change.at,
                    account_id=Coalesce("account_id", models.Value(change.account_id, models.UUIDField())),
                    version=F("version") + 1,
                )
                if not used:
                    raise StaleWriteError("TokenRecord")
            case QueueMail():
                row = Mail(**columns_of(change.mail))
                Mail.objects.using(self._using).bulk_create([row], ignore_conflicts=True)
            case BounceMail():
                self._bounce(change)
            case RecordEvent():
                self._insert(change.event)
            case _:
                raise NotImplementedError(change)

    def _bounce(self, change: BounceMail) -> None:
        known = Q(bounce=change.known) if change.known else Q(bounce__isnull=True)
        mail = self._rows(MailRecord).filter(known, id=change.mail_id)
        if not mail.update(bounce=change.bounce, bounced_at=change.at, bounce_reason=change.reason):
            raise StaleWriteError("MailRecord")

    def _insert(self, record: Any) -> None:
        model, _ = model_of(record)
        try:
            model(**columns_of(record)).save(using=self._using, force_insert=True)
        except IntegrityError:
            raise StaleWriteError(type(record).__name__) from None

    def _hit(self, record: Any, version: int, change: Any) -> None:
        _, key = model_of(record)
        named = {name: getattr(record, name) for name in key}
        try:
            hit = change(self._rows(type(record)).filter(version=version, **named))
        except IntegrityError:
            hit = 0
        if not hit:
            raise StaleWriteError(type(record).__name__)

    def _move(self, change: MoveOrders) -> int:
        wanted = change.selection
        rows = self._rows(OrderRecord).filter(
            Q(owner=wanted.owner) if wanted.owner else Q(owner__isnull=True, disputed=False)
        )
        given = {"email_key": wanted.email_key, "reference": wanted.reference, "claim_id": wanted.claim}
        rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
        if wanted.since is not None:
            rows = rows.filter(placed_at__gte=wanted.since)
        if wanted.names is not None:
            rows = rows.filter(name__in=wanted.names)
        if wanted.claimed is not None:
            rows = rows.filter(claim_id__isnull=not wanted.claimed)
        marks: dict[Mark, Any] = {Mark.SET: change.claim_id, Mark.KEEP: F("claim_id"), Mark.CLEAR: None}
        moved: int = rows.update(owner=change.to, claim_id=marks[change.mark], version=F("version") + 1)
        return moved

    def _purge(self, change: Purge) -> int:
        before = change.before
        if change.kind is Kept.CLAIMS:
            told = self._rows(ClaimRecord).filter(at__lt=before).exclude(by="")
            forgotten: int = told.update(
                **dict.fromkeys(("email_key", "facts", "by", "reason", "undone_by", "undone_reason"), ""),
                version=F("version") + 1,
            )
            return forgotten
        ended: dict[Kept, tuple[Any, Q]] = {
            Kept.REGISTRATIONS: (Registration, Q(expires_at__lt=before)),
            Kept.TOKENS: (Token, Q(expires_at__lt=before)),
            Kept.MAILS: (Mail, Q(finished_at__lt=before) | Q(status=MailStatus.DEAD, due_at__lt=before)),
            Kept.EVENTS: (Event, Q(at__lt=before)),
            Kept.ORDER_VAT: (OrderVat, Q(supplied_on__lt=before.astimezone(UTC).date())),
            Kept.VAT_EVIDENCE: (
                VatEvidence,
                Q(checked_at__lt=before) & ~Exists(_NAMED[0]) & ~Exists(_NAMED[1]),
            ),
        }
        if change.kind not in ended:
            return 0  # what this shop does without is never there
        model, old = ended[change.kind]
        deleted: int = model.objects.using(self._using).filter(old).delete()[0]
        return deleted

    def _task(self, record: Any) -> MailTask | VatTask:
        if isinstance(record, VatCheckRecord):
            return VatTask(record)
        link, second = (self._one(TokenRecord, "digest", one) for one in (record.token, record.extra_token))
        return MailTask(record, link, second, self._one(OrderRecord, "reference", record.order_reference))

    def _one(self, kind: type, field: str, value: str | None) -> Any:
        return next(iter(self.find(kind, field, [value])), None)

    def _rows(self, kind: type) -> Any:
        return MODELS[kind][0].objects.using(self._using)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        connection = connections[self._using]
        own = not connection.in_atomic_block
        with transaction.atomic(self._using):
            if own and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield


@contextmanager
def _as_overtaken() -> Iterator[None]:
    """Tell a deadlock, which the database ends by failing one of the two, as a race that was lost."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == "40P01":
            raise StaleWriteError("records") from None
        raise
