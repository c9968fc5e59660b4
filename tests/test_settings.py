"""Settings that would be unsafe do not come into being."""

import pytest
from attrs import evolve

from customer_accounts.errors import SettingsError
from customer_accounts.hashing import OWASP_MINIMUM
from customer_accounts.password_policy import SHOP, STRICT
from customer_accounts.settings import LIFETIMES, LINK_OF, LINKS, Settings, Storefront
from customer_accounts.testing import cheap_settings
from customer_accounts.token import Purpose

FRONT = Storefront(name="Demo Shop", base_url="https://shop.example", contact="help@shop.example")
SECRET = "a secret of at least thirty-two characters"


class TestStorefront:
    """One shop window."""

    @pytest.mark.parametrize(
        "url", ["", "shop.example", "http://shop.example", "ftp://shop.example", "https://", "//shop.example"]
    )
    def test_refuses_unsafe_base_urls(self, url: str) -> None:
        """TK-10: links lead to https pages of a configured host."""
        with pytest.raises(SettingsError, match="base_url"):
            evolve(FRONT, base_url=url)

    @pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"])
    def test_allows_http_on_this_machine(self, url: str) -> None:
        """A developer's own machine needs no certificate."""
        assert evolve(FRONT, base_url=url).url("sign_in") == f"{url}/account/sign-in"

    @pytest.mark.parametrize(
        ("links", "message"),
        [
            ({"confrim": "/c/{token}"}, "unknown link"),
            ({"confirm": "/c"}, "token"),
            ({"confirm": "/c/{token}/{token}"}, "token"),
            ({"sign_in": "/in/{token}"}, "token"),
            ({"confirm": "c/{token}"}, "path"),
            ({"confirm": "//evil.example/{token}"}, "path"),
            ({"confirm": "https://evil.example/{token}"}, "path"),
        ],
    )
    def test_refuses_unusable_links(self, links: dict[str, str], message: str) -> None:
        """A misspelt or tokenless link pattern is found at start, not by the first customer."""
        with pytest.raises(SettingsError, match=message):
            evolve(FRONT, links=links)

    @pytest.mark.parametrize("name", ["Demo\r\nBcc: all@shop.example", "Demo\nShop"])
    def test_refuses_names_of_several_lines(self, name: str) -> None:
        """EM-01: the shop's own name can inject no header either."""
        with pytest.raises(SettingsError, match="single lines"):
            evolve(FRONT, name=name)

    @pytest.mark.parametrize("field", ["contact", "sender"])
    def test_refuses_a_sender_that_is_no_address(self, field: str) -> None:
        """EM-01: customers can write to the contact, and no mail fails for want of a sender."""
        with pytest.raises(SettingsError, match=field):
            evolve(FRONT, **{field: "the help desk"})  # type: ignore[arg-type]  # mypy cannot name the field

    def test_builds_links(self) -> None:
        """The token goes into the host's own path, below the configured base URL."""
        front = evolve(FRONT, base_url="https://shop.example/fr/", links={"confirm": "/compte/{token}"})
        assert front.url("confirm", "abc") == "https://shop.example/fr/compte/abc"
        assert front.url("reset", "abc") == "https://shop.example/fr/account/reset/abc"


class TestSettings:
    """Everything a shop decides."""

    def test_shop_profile_is_the_default(self) -> None:
        """PW-01, HS-01, GEN-03: passwords from 8, argon2id at the OWASP minimum, no forced change."""
        settings = Settings(secret=SECRET, storefront=FRONT)
        assert settings.password_policy is SHOP
        assert settings.hashing is OWASP_MINIMUM
        assert not settings.must_change_generated
        assert not settings.allow_cheap_hashing

    def test_strict_profile(self) -> None:
        """PW-01, GEN-03: passwords from 15, and a generated one must be changed."""
        settings = Settings.strict(secret=SECRET, storefront=FRONT)
        assert settings.password_policy is STRICT
        assert settings.must_change_generated

    @pytest.mark.parametrize("secret", ["", "short", "x" * 31, b"y" * 31])
    def test_refuses_a_short_secret(self, secret: str | bytes) -> None:
        """TK-01: links made from a guessable secret could be made by anybody."""
        with pytest.raises(SettingsError, match="secret"):
            Settings(secret=secret, storefront=FRONT)
        with pytest.raises(SettingsError, match="secret"):
            Settings(secret=SECRET, storefront=FRONT, old_secrets={"0": secret})

    def test_hides_its_secrets(self) -> None:
        """LG-01: no secret, old or new, is in the repr."""
        old = "an old secret of thirty-two characters"
        shown = repr(Settings(secret=SECRET, storefront=FRONT, old_secrets={"0": old}))
        assert SECRET not in shown
        assert old not in shown

    def test_rotates_secrets(self) -> None:
        """TK-02: mails made under an old secret can be rendered until it is dropped."""
        old = "an old secret of thirty-two characters"
        settings = Settings(secret=SECRET, secret_id="2", storefront=FRONT, old_secrets={"1": old})
        assert settings.secret_named("2") == SECRET.encode()
        assert settings.secret_named("1") == old.encode()
        assert settings.secret_named("0") is None

    def test_finds_storefronts(self) -> None:
        """TK-10: a storefront is named by its key, an unknown one is nobody's."""
        other = evolve(FRONT, name="Boutique")
        settings = Settings(secret=SECRET, storefront=FRONT, storefronts={"ch": other})
        assert settings.storefront_at("default") is FRONT
        assert settings.storefront_at("ch") is other
        assert settings.storefront_at("it") is None

    def test_tests_have_a_cheap_hasher(self) -> None:
        """HS-01: cheap parameters are named as such and live in the test helpers only."""
        settings = cheap_settings(must_change_generated=True)
        assert settings.allow_cheap_hashing
        assert settings.must_change_generated


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_a_link_and_a_lifetime(purpose: Purpose) -> None:
    """A link of any purpose leads somewhere and ends some day."""
    assert "{token}" in LINKS[LINK_OF[purpose]]
    assert LIFETIMES[purpose].total_seconds() > 0
