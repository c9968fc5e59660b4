"""Faults of the rules about one-time links and about sign-ins at a provider: TK and SO."""

from customer_accounts.adapters import memory_write
from customer_accounts.features.confirmation_code import link_of_code
from customer_accounts.features.identity import VerifiedIdentity, _begun_by, _text
from customer_accounts.features.identity_links import LinkIdentity, UnlinkIdentity
from customer_accounts.features.live_links import live_token
from customer_accounts.features.password_reset import reset_mail
from customer_accounts.features.social_sign_in import SignInWithIdentity
from customer_accounts.issue import issue_token, with_token
from customer_accounts.settings import Storefront
from customer_accounts.token import TokenRecord, link_digest
from tests.sabotage.fault import edited, fault


def _silence_is_consent() -> None:
    """Let an adapter that says nothing have said that the address is verified."""
    defaults = VerifiedIdentity.__init__.__kwdefaults__
    assert defaults is not None  # all arguments go by name
    defaults["email_verified"] = True


_TOKENS = (
    fault(
        "TK-01",
        "links are made from 64 bits",
        edited(issue_token, "env.random(16)", "env.random(8)"),
        "test_token.py::test_links_are_made_from_128_bits",
    ),
    fault(
        "TK-02",
        "the text of a link goes along with its mail",
        edited(
            reset_mail,
            "    mail = mail_to_account(env, MailPurpose.RESET_PASSWORD, account, token=token)",
            "    from customer_accounts.token import link_text\n"
            "    text = link_text(env.settings.secret, token.purpose, token.token_id)\n"
            "    mail = mail_to_account(env, MailPurpose.RESET_PASSWORD, account, token=token, link=text)",
        ),
        "test_canary.py",
    ),
    fault(
        "TK-03",
        "a link works for every purpose",
        edited(live_token, "token is None or token.purpose not in purposes", "token is None"),
        "features/test_account_links.py::test_a_link_works_for_its_own_purpose_only",
    ),
    fault(
        "TK-04",
        "a link ends a moment too early",
        edited(TokenRecord.is_live, "now <= self.expires_at", "now < self.expires_at"),
        "test_token.py::TestLife::test_boundary_is_exact",
    ),
    fault(
        "TK-05",
        "the storage lets a used link be used again",
        edited(memory_write._use, " or token.used_at is not None", ""),
        "adapters/test_memory.py::TestMemoryStorage::test_a_link_is_used_once",
        "test_races.py::test_one_link_is_used_once memory",
    ),
    fault(
        "TK-06",
        "four links of a kind live",
        edited(with_token, "LIVE_TOKENS + 1", "LIVE_TOKENS"),
        "features/test_password_reset.py::TestAsking::test_at_most_three_links_live",
    ),
    fault(
        "TK-07",
        "the second click is told that the link is invalid",
        edited(live_token, "refuse(Reason.ALREADY_DONE)", "refuse(Reason.LINK_INVALID)"),
        "features/test_email_confirmation.py::TestOnce::test_the_second_click_is_told_it_is_done",
    ),
    fault(
        "TK-08",
        "any text has a digest",
        edited(link_digest, " if _SHAPE.match(text) else None", ""),
        "test_token.py::TestLinkDigest::test_refuses_other_shapes",
    ),
    fault(
        "TK-09",
        "a code may be tried six times",
        edited(link_of_code, "one.code_tries < env", "one.code_tries <= env"),
        "features/test_email_confirmation.py::TestCode::test_five_tries_over_all_requests",
    ),
    fault(
        "TK-10",
        "links may begin with any address",
        edited(Storefront.__attrs_post_init__, ' or not (url.scheme == "https" or local)', ""),
        "test_settings.py::TestStorefront::test_refuses_unsafe_base_urls",
    ),
)

_SOCIAL = (
    fault(
        "SO-01",
        "the address is the key of an identity",
        edited(VerifiedIdentity.key, "self.subject", "self.email or self.subject"),
        "features/test_social_sign_in.py::TestLinked::test_goes_by_the_id_and_not_by_the_address",
    ),
    fault(
        "SO-02",
        "an identity signs in to the account that has its address",
        edited(
            SignInWithIdentity.decide,
            "return refuse(Reason.SIGN_IN_TO_LINK)",
            "return Decision(signed_in(facts.accounts[0], env))",
        ),
        "features/test_social_sign_in.py::TestProvenMailbox::test_is_never_linked_to_an_account_by_its_address",
    ),
    fault(
        "SO-03",
        "an adapter that says nothing says yes",
        _silence_is_consent,
        "features/test_identity.py::test_what_is_not_said_is_not_so",
    ),
    fault(
        "SO-04",
        "an identity of any session is linked",
        edited(_begun_by, " and identity.session_id == actor.session_id", ""),
        "features/test_identity.py::test_a_link_belongs_to_the_session_that_began_it",
    ),
    fault(
        "SO-05",
        "an old session may link",
        edited(LinkIdentity.decide, "not_fresh(env, actor) or ", ""),
        "features/test_identity_links.py::TestLinking::test_needs_a_session_that_has_just_begun",
    ),
    fault(
        "SO-06",
        "an assertion for nobody's app is taken",
        edited(_text, " or not value", ""),
        "features/test_identity.py::test_who_vouched_for_whom_and_for_which_shop_is_always_known",
    ),
    fault(
        "SO-07",
        "the last way in can be removed",
        edited(UnlinkIdentity.decide, "account.password_hash is None and not others", "not linked"),
        "features/test_identity_links.py::TestUnlinking::test_leaves_the_last_way_in",
    ),
    fault(
        "SO-08",
        "the refusal names the account that has the identity",
        edited(
            LinkIdentity.decide,
            "        if known.account_id != account.id:\n            return refuse(Reason.IDENTITY_IN_USE)",
            "        if known.account_id != account.id:\n"
            "            return refuse(Reason.IDENTITY_IN_USE, detail=str(known.account_id))",
        ),
        "features/test_identity_links.py::TestLinking::test_never_names_the_account_that_has_it",
    ),
)

LINKS = (*_TOKENS, *_SOCIAL)
