"""F01 to F06: an account for everybody, its password, the proof of the mailbox, the typing errors."""

from pydantic import SecretStr

from customer_accounts.demo.everyday import PASSWORD, account, confirm, register, signs_in
from customer_accounts.demo.scene import Person, Scene
from customer_accounts.features.email_confirmation import ConfirmEmail
from customer_accounts.features.registration import (
    CorrectRegistrationAddress,
    Register,
    Registered,
    ResendConfirmation,
)
from customer_accounts.features.sign_in import SignedIn
from customer_accounts.refusals import Reason, Refused
from customer_accounts.testing.mailbox import code_in, text_of


def _wishes(scene: Scene, person: Person, email: str, password: str) -> Registered | Refused:
    """Let somebody ask for an account that they may not get."""
    asked = Register(email=email, password=SecretStr(password), locale=scene.language)
    return scene.shop.handle(asked, by=person.visitor)


def anyone_registers(scene: Scene) -> None:
    """F01: three people, by day and by night; who never registered cannot sign in."""
    for name in ("Anna", "Bert", "Zoë"):
        scene.clock.forward(hours=7)
        person = scene.person(name)
        at = scene.clock()
        account(scene, person)
        answer = signs_in(scene, person)
        scene.saw("registers", isinstance(answer, SignedIn), answer, name=name, at=f"{at:%H:%M}")
    scene.mail(person.email, link="confirm")
    scene.refused("stranger", signs_in(scene, scene.person("Mallory")), Reason.SIGN_IN_FAILED)


def chosen_password(scene: Scene) -> None:
    """F02: to the letter; a password that everybody knows cannot be chosen."""
    anna, mallory = scene.person("Anna"), scene.person("Mallory")
    password = "Ça va bien à Graz ?"  # noqa: S105 - hers in the story only
    register(scene, anna, password)
    confirm(scene, anna)
    answer: object = signs_in(scene, anna, password)
    scene.saw("chooses", isinstance(answer, SignedIn), answer)
    wrong = (password.lower(), password[:-1], f"{password} ", "")
    answers = [signs_in(scene, anna, one) for one in wrong]
    scene.saw("exact", all(isinstance(one, Refused) for one in answers), answers, count=len(wrong))
    weak = "motdepasse1"
    refused = _wishes(scene, mallory, mallory.email, weak)
    scene.refused("weak", refused, Reason.PASSWORD_TOO_COMMON, weak=weak)


def generated_password(scene: Scene) -> None:
    """F03: made at the proof, shown once; in no mail and not in the file; nobody gets one unasked."""
    zoe, bert, mallory = (scene.person(one) for one in ("Zoë", "Bert", "Mallory"))
    asked = Register(email=zoe.email, generate_password=True, locale=scene.language)
    scene.shop.require(asked, by=zoe.visitor)
    scene.mail(zoe.email, link="confirm")
    password = confirm(scene, zoe).generated_password or ""
    scene.saw("shown", len(password) > 0, None, password=password)
    answer = signs_in(scene, zoe, password)
    scene.saw("works", isinstance(answer, SignedIn), answer)
    mails = scene.stage.inbox(zoe.email)
    unmailed = bool(mails) and all(password not in text_of(one) for one in mails)
    scene.saw("kept_nowhere", unmailed and not scene.stage.stores(password), None)
    register(scene, bert)
    own = confirm(scene, bert)
    scene.but("own", own.generated_password is None, own)
    scene.refused("blank", _wishes(scene, mallory, mallory.email, ""), Reason.PASSWORD_EMPTY)


def confirmation_mail(scene: Scene) -> None:
    """F04: link and code in the customer's language; before the proof there is no account."""
    anna, mallory = scene.person("Anna"), scene.person("Mallory")
    register(scene, anna)
    mail = scene.mail(anna.email, link="confirm")
    scene.saw("code", mail["Content-Language"] == scene.language and bool(code_in(mail)), mail)
    scene.refused("before", signs_in(scene, anna), Reason.SIGN_IN_FAILED)
    guess = scene.again.handle(ConfirmEmail(token="x" * 43), by=mallory.visitor)
    scene.refused("guess", guess, Reason.LINK_INVALID)
    confirm(scene, anna)
    answer = signs_in(scene, anna)
    scene.saw("open", isinstance(answer, SignedIn), answer)
    others = scene.stage.inbox(mallory.email)
    scene.but("no_mail", others == [], others)


def no_mail_is_no_dead_end(scene: Scene) -> None:
    """F05: told about spam and the contact, sent again; nobody else's mailbox can be filled that way."""
    anna, mallory = scene.person("Anna"), scene.person("Mallory")
    told = register(scene, anna)
    helpful = "spam" in told.advice.lower() and told.contact in told.advice
    scene.saw("advice", helpful, told, advice=scene.quoted(told.advice))
    first = scene.token(anna.email, "confirm")
    again = ResendConfirmation(email=anna.email, locale=scene.language)
    scene.shop.require(again, by=anna.visitor)
    scene.mail(anna.email, link="confirm")
    count = len(scene.stage.inbox(anna.email))
    scene.saw("again", count > 1, count, count=count)
    scene.shop.require(ConfirmEmail(token=first), by=anna.visitor)
    answer: object = signs_in(scene, anna)
    scene.saw("first_works", isinstance(answer, SignedIn), answer)
    asked = ResendConfirmation(email=mallory.email, locale=scene.language)
    answer = scene.shop.handle(asked, by=scene.person("Bert").visitor)
    silent = isinstance(answer, Registered) and scene.stage.inbox(mallory.email) == []
    scene.but("stranger", silent, answer, email=mallory.email)


def typing_errors(scene: Scene) -> None:
    """F06: pointed out before anybody relies on the address, put right from the same browser only."""
    anna, bert = scene.person("Anna", "anna.f06@gmial.com"), scene.person("Bert")
    right = scene.person("Anna", "anna.f06@gmail.com")
    told = register(scene, anna)
    scene.saw(
        "suggested", told.email_suggestion == right.email, told, typed=anna.email, meant=told.email_suggestion
    )
    comma = right.email.replace(".com", ",com")
    unreadable = _wishes(scene, bert, comma, PASSWORD)
    meant = unreadable.suggestion if isinstance(unreadable, Refused) else None
    scene.saw("unreadable", meant == right.email, unreadable, typed=comma, meant=meant)
    correction = CorrectRegistrationAddress(email=right.email)
    elsewhere = scene.shop.handle(correction, by=scene.person("Mallory").visitor)
    scene.refused("elsewhere", elsewhere, Reason.NOTHING_WAITING)
    scene.shop.require(correction, by=anna.visitor)
    scene.mail(right.email, link="confirm")
    scene.shop.require(ConfirmEmail(token=scene.token(right.email, "confirm")), by=anna.visitor)
    answer = signs_in(scene, right)
    scene.saw("corrected", isinstance(answer, SignedIn), answer)
    lost = scene.stage.inbox(anna.email)
    scene.but("nothing_lost", lost == [], lost, typed=anna.email)
    fine = register(scene, bert)
    scene.but("no_warning", fine.email_suggestion is None, fine, email=bert.email)
