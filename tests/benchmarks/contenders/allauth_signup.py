"""django-allauth: its sign-up and login forms, as its views call them, without HTTP and templates around them."""

from typing import Any

from tests.benchmarks.contenders.django_setup import set_up, statements
from tests.benchmarks.contenders.frame import PASSWORD, Counting, Task, each, main

SETTINGS: dict[str, Any] = {
    "apps": ["django.contrib.messages", "allauth", "allauth.account"],
    "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    "MIDDLEWARE": ["allauth.account.middleware.AccountMiddleware"],
    "ROOT_URLCONF": "allauth.account.urls",
    "ACCOUNT_LOGIN_METHODS": {"email"},
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
    "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
    "ACCOUNT_RATE_LIMITS": {},
    "ALLOWED_HOSTS": ["localhost"],
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
}


def opened(url: str, *, hashing: bool) -> tuple[dict[str, Task], Counting]:
    """Open the database and give the tasks."""
    set_up(url, hashing=hashing, **SETTINGS)
    from allauth.account.forms import LoginForm, SignupForm
    from allauth.account.internal.flows.email_verification import send_verification_email_for_user
    from allauth.core import context
    from django.contrib.messages.storage.cookie import CookieStorage
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.test import RequestFactory

    requests = RequestFactory(SERVER_NAME="localhost")

    def request() -> Any:
        made: Any = requests.post("/signup/")
        made.session, made._messages = SessionStore(), CookieStorage(made)
        return made

    def sign_up(address: str) -> None:
        asked = request()
        with context.request_context(asked):
            form = SignupForm({"email": address, "password1": PASSWORD})
            if not form.is_valid():
                raise SystemExit(f"not valid: {form.errors}")
            user, _ = form.try_save(asked)
            send_verification_email_for_user(asked, user)

    def log_in(address: str) -> None:
        asked = request()
        with context.request_context(asked):
            form = LoginForm({"login": address, "password": PASSWORD}, request=asked)
            if not form.is_valid():
                raise SystemExit(f"not valid: {form.errors}")

    return {"make": each(sign_up), "register": each(sign_up), "sign_in": each(log_in)}, statements


if __name__ == "__main__":
    main(opened)
