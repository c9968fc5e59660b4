"""Changing the password while signed in.

Who may ask: a signed-in customer, for their own account.  Staff cannot set or see a password (PW-13).

* The current password is asked again; an account without one, which signs in through Google or Facebook,
  needs a session that has just begun (PW-10).  A wrong or missing one is PASSWORD_WRONG, counted by account;
  an old session is REAUTHENTICATE.
* The new one passes the same policy as everywhere (PW-12), and is another one than the current
  (PASSWORD_SAME): a generated password that must be changed would otherwise stay.  There is no expiry and no
  hint (PW-11).
* `generate_password` lets the system make it: it is in the result once and nowhere else (GEN-02).
* All sessions end but the one that asked, which gets a new one with the result (SE-01); all links of the
  account die, pending changes of its address included (TK-06; what outlives it:
  `customer_accounts.features.revocation`).
* The owner is told by mail (PASSWORD_CHANGED; LG-04).
"""

from typing import ClassVar, NoReturn

from attrs import evolve, field, frozen
from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from customer_accounts.account import AccountRecord, Session
from customer_accounts.actors import SignedInCustomer
from customer_accounts.changes import update
from customer_accounts.command import Command, Decision, Env, Refusal, refuse
from customer_accounts.facts import Facts, Part, Scope
from customer_accounts.features.acting import acting
from customer_accounts.features.new_password import password_refusal, two_passwords
from customer_accounts.features.reauthentication import not_proven, password_check
from customer_accounts.features.revocation import links_ended, sessions_ended
from customer_accounts.issue import mail_to_account, record_event
from customer_accounts.limiting import Hit
from customer_accounts.outbox import EventKind, MailPurpose
from customer_accounts.password_policy import prepare
from customer_accounts.refusals import Reason
from customer_accounts.settings import Settings


@frozen
class PasswordChanged:
    """A password that has been changed.

    Args:
        session: the one session that goes on, with the new epoch.
        generated_password: shown once and nowhere else, or None.
    """

    session: Session
    generated_password: str | None = field(default=None, repr=False)

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        """Refuse to be pickled: it may hold a password (LG-01)."""
        raise TypeError("PasswordChanged cannot be pickled: it may hold a password")


def with_password(account: AccountRecord, password_hash: str, env: Env, *, generated: bool) -> AccountRecord:
    """Give the account with another password, all its sessions ended."""
    return evolve(
        sessions_ended(account),
        password_hash=password_hash,
        password_generated=generated,
        must_change_password=generated and env.settings.must_change_generated,
        password_changed_at=env.now,
    )


class ChangePassword(Command):
    """Change the password: to *new_password*, or with *generate_password* to one that the system makes."""

    actors: ClassVar = (SignedInCustomer,)
    hashes: ClassVar = True

    current_password: SecretStr | None = None
    new_password: SecretStr | None = None
    generate_password: bool = False

    def contradiction(self) -> PydanticCustomError | None:
        """See `Command.contradiction`."""
        return two_passwords(self.new_password, generate=self.generate_password)

    def password_to_set(self) -> str | None:
        """See `Command.password_to_set`."""
        return None if self.new_password is None else self.new_password.get_secret_value()

    def limits(self, actor: SignedInCustomer, settings: Settings, /) -> tuple[Hit, ...]:
        """See `Command.limits`."""
        return password_check(actor)

    def scope(self, actor: SignedInCustomer, env: Env, /) -> Scope:
        """See `Command.scope`."""
        return Scope(parts=frozenset({Part.ACCOUNTS, Part.TOKENS}))

    def decide(
        self, facts: Facts, env: Env, actor: SignedInCustomer, /
    ) -> Decision[PasswordChanged] | Refusal:
        """See `Command.decide`."""
        account = acting(facts, actor)
        refusal = not_proven(account, self.current_password, env, actor) or self._unfit(account, facts, env)
        if refusal is not None:
            return refusal
        password = env.generated() if self.generate_password else self.password_to_set() or ""
        new = with_password(account, env.hasher.hash(password), env, generated=self.generate_password)
        changes = (
            update(account, new),
            *links_ended(facts, new),
            mail_to_account(env, MailPurpose.PASSWORD_CHANGED, new),
            record_event(env, actor, EventKind.PASSWORD_CHANGED, email=new.email),
        )
        # Without a password it was the session that proved the customer: it grows no younger.
        since = env.now if account.password_hash is not None else actor.authenticated_at or env.now
        session = Session(new.id, new.session_epoch, since)
        return Decision(PasswordChanged(session, password if self.generate_password else None), changes)

    def _unfit(self, account: AccountRecord, facts: Facts, env: Env) -> Refusal | None:
        if self.generate_password:
            return None
        password = self.password_to_set() or ""
        current = "" if self.current_password is None else self.current_password.get_secret_value()
        if account.password_hash is not None and prepare(password) == prepare(current):
            return refuse(Reason.PASSWORD_SAME, about="new_password")
        return password_refusal(
            password, facts, env, email=account.email, names=(account.name,), about="new_password"
        )
