"""F18 to F20: Facebook and Google, linked from inside the account or the way in from the start."""

from customer_accounts.actors import SignedInCustomer, Visitor
from customer_accounts.demo.everyday import account, account_page, confirm, session_of
from customer_accounts.demo.scene import Person, Scene
from customer_accounts.features.email_confirmation import Confirmed
from customer_accounts.features.identity import IdentityUse, VerifiedIdentity
from customer_accounts.features.identity_links import IdentityUnlinked, LinkIdentity, UnlinkIdentity
from customer_accounts.features.registration import Registered
from customer_accounts.features.sign_in import SignedIn
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.refusals import Reason


def _identity(
    scene: Scene,
    provider: str,
    subject: str,
    by: Visitor | SignedInCustomer,
    *,
    email: str | None = None,
    proven: bool = False,
) -> VerifiedIdentity:
    """Give what an adapter makes of a provider's answer; *proven*: the provider runs the mailbox."""
    linking = isinstance(by, SignedInCustomer)
    return VerifiedIdentity(
        provider=provider,
        subject=subject,
        issuer="https://accounts.example",
        audience="demo-shop",
        use=IdentityUse.LINK if linking else IdentityUse.SIGN_IN,
        verified_at=scene.clock(),
        browser=by.browser_digest if isinstance(by, Visitor) else None,
        session_id=by.session_id if isinstance(by, SignedInCustomer) else None,
        email=email,
        email_verified=proven,
        authoritative=proven,
    )


def _enters(scene: Scene, person: Person, provider: str, subject: str, *, proven: bool = False) -> object:
    """Let somebody come in through a provider, on the other server."""
    identity = _identity(scene, provider, subject, person.visitor, email=person.email, proven=proven)
    command = SignInWithIdentity(identity=identity, locale=scene.language)
    return scene.again.handle(command, by=person.visitor)


def linked_from_inside(scene: Scene) -> None:
    """F18: Facebook and Google+ are linked while signed in; nobody else can link the same one."""
    people = scene.person("Anna"), scene.person("Mallory")
    anna, mallory = (account(scene, one) for one in people)
    for provider, subject in (("facebook", "f18-4711"), ("google+", "f18-108")):
        command = LinkIdentity(identity=_identity(scene, provider, subject, anna))
        scene.shop.require(command, by=anna)
        scene.mail(people[0].email)
    providers = account_page(scene, anna).providers
    scene.saw("linked", set(providers) == {"facebook", "google"}, providers)
    entered = _enters(scene, people[0], "facebook", "f18-4711")
    scene.saw("enters", isinstance(entered, SignedIn), entered)
    taken = LinkIdentity(identity=_identity(scene, "facebook", "f18-4711", mallory))
    scene.refused("taken", scene.shop.handle(taken, by=mallory), Reason.IDENTITY_IN_USE)
    scene.refused("guest", scene.tries(taken, people[1].visitor), Reason.NOT_ALLOWED)
    none = account_page(scene, mallory).providers
    scene.but("none", none == (), none)


def account_by_social_sign_in(scene: Scene) -> None:
    """F19: at once where the provider runs the mailbox, after the proof otherwise; never over an account."""
    zoe, bert, anna, mallory = (scene.person(one) for one in ("Zoe", "Bert", "Anna", "Mallory"))
    created = _enters(scene, zoe, "google", "f19-108", proven=True)
    scene.saw("at_once", isinstance(created, Confirmed), created)
    scene.mail(zoe.email)
    waiting = _enters(scene, bert, "facebook", "f19-4711")
    scene.saw("waits", isinstance(waiting, Registered), waiting)
    scene.mail(bert.email, link="confirm")
    confirm(scene, bert)
    entered = _enters(scene, bert, "facebook", "f19-4711")
    scene.saw("confirmed", isinstance(entered, SignedIn), entered)
    customer = account(scene, anna)
    thief = scene.person("Mallory", anna.email)
    unproven = _enters(scene, thief, "facebook", "f19-666")
    inside = isinstance(unproven, SignedIn | Confirmed)
    scene.but("thief", not inside and account_page(scene, customer).providers == (), unproven)
    foreign = _enters(scene, mallory, "facebook", "f19-0815")
    scene.but("stranger", not isinstance(foreign, SignedIn | Confirmed), foreign)


def without_a_password(scene: Scene) -> None:
    """F20: the linked identity enters from anywhere; another one with the same address does not."""
    anna = scene.person("Anna")
    customer = account(scene, anna)
    link = LinkIdentity(identity=_identity(scene, "facebook", "f20-4711", customer))
    scene.shop.require(link, by=customer)
    scene.mail(anna.email)
    travelling = scene.person("Anna abroad", anna.email)
    entered = _enters(scene, travelling, "facebook", "f20-4711")
    same = isinstance(entered, SignedIn) and entered.session.account_id == customer.account_id
    scene.saw("enters", same, entered)
    other = _enters(scene, scene.person("Mallory", anna.email), "facebook", "f20-4712")
    scene.but("other", not isinstance(other, SignedIn | Confirmed), other)
    removing = scene.customer(session_of(entered), travelling)
    unlinked = scene.shop.handle(UnlinkIdentity(provider="facebook"), by=removing)
    scene.saw("unlinked", isinstance(unlinked, IdentityUnlinked), unlinked)
    after = _enters(scene, travelling, "facebook", "f20-4711")
    scene.but("after", not isinstance(after, SignedIn | Confirmed), after)
