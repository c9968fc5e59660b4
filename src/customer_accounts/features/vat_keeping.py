"""From an answer to the evidence that is kept of it.

* A clear answer is always kept: each is a consultation of its own, with its own proof.
* Of answers that are none, the first of each kind is kept, and one a day while it goes on: they show that the shop
  tried, and a night's outage does not fill the storage.
* An answer recorded twice is kept once; its id is made of what it says (RL-08).
"""

from datetime import timedelta
from functools import cache
from importlib.metadata import version
from uuid import UUID, uuid5

from customer_accounts.evidence import TraderMatches, VatEvidenceRecord
from customer_accounts.facts import Facts
from customer_accounts.vat import VatAnswer, VatStatus
from customer_accounts.vat.answer import codes_version

_NAMESPACE = UUID("5c7d1f0e-6f0b-5d0e-9a51-7b8b0a3f7d52")
#: The same outage is told once in this time.
_SAME_OUTAGE = timedelta(days=1)


@cache
def library_version() -> str:
    """Give the version of this library."""
    return version("customer-accounts")


def evidence_id(answer: VatAnswer) -> UUID:
    """Give the id of the evidence of an answer; the same answer has the same one."""
    said = (answer.number, answer.checked_at.isoformat(), answer.code, answer.endpoint, answer.raw_sha256)
    return uuid5(_NAMESPACE, "\n".join(said))


def evidence_of(answer: VatAnswer, as_typed: str) -> VatEvidenceRecord:
    """Give the evidence of an answer.

    Args:
        answer: what the register said.
        as_typed: what the customer typed, where it is known.
    """
    return VatEvidenceRecord(
        id=evidence_id(answer),
        number=answer.number,
        as_typed=as_typed,
        status=answer.status,
        code=answer.code,
        checked_at=answer.checked_at,
        endpoint=answer.endpoint,
        requester=answer.requester,
        requester_refused=answer.requester_refused,
        http_status=answer.http_status,
        raw=answer.raw,
        raw_sha256=answer.raw_sha256,
        consultation_number=answer.consultation_number,
        name=answer.name,
        address=answer.address,
        matches=TraderMatches(**dict(answer.matches)),
        library_version=library_version(),
        data_version=codes_version(),
    )


def kept_already(answer: VatAnswer, facts: Facts) -> bool:
    """Whether nothing new has to be kept: this answer is kept, or one like it of the same day's outage."""
    known = {one.id for one in facts.vat_evidence}
    if evidence_id(answer) in known:
        return True
    if answer.status is not VatStatus.UNVERIFIED:
        return False
    newest = next((one for one in facts.vat_evidence if one.number == answer.number), None)
    return (
        newest is not None
        and newest.code == answer.code
        and abs(answer.checked_at - newest.checked_at) < _SAME_OUTAGE
    )
