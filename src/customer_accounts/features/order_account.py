"""The account that a guest opens together with an order (F15): a pending registration in the same write.

It is a registration like any other (`customer_accounts.features.registration`): the account begins when the
mailbox is proven, and the order joins it then.  The password is the chosen one, otherwise one that is made
at the proof (GEN-02). The newsletter wish waits with it.  Host and customer type nothing twice: name and
language come from the order.
"""

from uuid import UUID, uuid5

from customer_accounts.account import Consent, RegistrationRecord
from customer_accounts.actors import Actor, Visitor
from customer_accounts.changes import Change
from customer_accounts.command import Env, Refusal
from customer_accounts.facts import Facts
from customer_accounts.features.new_password import password_refusal
from customer_accounts.features.pending_registration import begin
from customer_accounts.inputs import NewsletterInput
from customer_accounts.order import OrderRecord

_NAMESPACE = UUID("7b0f4c0e-5d0b-4a57-9a5e-0c8b6f4f1d27")


def begin_with_order(
    order: OrderRecord,
    password: str | None,
    newsletter: NewsletterInput | None,
    facts: Facts,
    env: Env,
    actor: Actor,
    *,
    bound: bool = True,
) -> list[Change] | Refusal:
    """Begin the registration that goes with a guest's order, or refuse its password.

    Args:
        order: the guest's order.
        password: the chosen one; None for one that is generated at the proof.
        newsletter: the wish that waits for the proof, if there is one.
        facts: with the accounts, registrations and tokens of the order's address.
        env: the surroundings of the call.
        actor: a visitor's browser can confirm at once; an order that the system takes in has no browser.
        bound: whether the asking browser is the ordering one; one that is not learns and confirms nothing.
    """
    if password is not None:
        refusal = password_refusal(password, facts, env, email=order.email, names=(order.name,))
        if refusal is not None:
            return refusal
    browser = actor.browser_digest if bound and isinstance(actor, Visitor) else None
    consent = Consent(newsletter.text_version, env.now, "checkout") if newsletter else None
    wanted = RegistrationRecord(
        # What somebody asks for with a link must not take the place of what the guest asked for at the checkout.
        id=uuid5(_NAMESPACE, order.reference if bound else f"{order.reference}:page"),
        email=order.email,
        email_key=order.email_key,
        browser=browser or env.random(32).hex(),
        created_at=env.now,
        expires_at=env.now + env.settings.registration_lifetime,
        password_hash=None if password is None else env.hasher.hash(password),
        generate_password=password is None,
        name=order.name,
        locale=order.locale,
        storefront=order.storefront,
        consent=consent,
    )
    return begin(facts, env, actor, wanted)
