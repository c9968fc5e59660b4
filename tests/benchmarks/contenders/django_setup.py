"""Django on the database of a run, with the hasher of the run."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with the parameters of all contenders."""

    time_cost, memory_cost, parallelism = 2, 19456, 1


class NoHasher(BasePasswordHasher):
    """A hasher that costs nothing."""

    algorithm = "none"

    def encode(self, _password: str, _salt: str) -> str:
        """Give the same text for everybody."""
        return "none$same"

    def verify(self, _password: str, _encoded: str) -> bool:
        """Say yes."""
        return True

    def must_update(self, _encoded: str) -> bool:
        """Nothing gets old."""
        return False


def _database(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        options = {"init_command": "PRAGMA journal_mode=WAL;", "transaction_mode": "IMMEDIATE"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.partition("///")[2], "OPTIONS": options}
    parts = urlsplit(url.replace("+psycopg", ""))
    host = parse_qs(parts.query).get("host", [parts.hostname])[0]
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username, "HOST": host,
        "PORT": parts.port or "", "CONN_MAX_AGE": None,
    }  # fmt: skip


def set_up(url: str, *, hashing: bool, **more: object) -> None:
    """Configure Django and make its tables."""
    hasher = "Argon2" if hashing else "NoHasher"
    apps = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
    settings.configure(
        DATABASES={"default": _database(url)},
        INSTALLED_APPS=[*apps, *more.pop("apps", ())],  # type: ignore[misc]  # names
        PASSWORD_HASHERS=[f"{__name__}.{hasher}"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SECRET_KEY="only good for benchmarks",
        USE_TZ=True,
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        **more,
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)


def statements() -> Callable[[], int]:
    """Count what Django sends from now on."""
    from django.db import connection

    count = 0

    def counted(execute: Callable[..., object], sql: str, *rest: object) -> object:
        nonlocal count
        count += not sql.startswith(("SAVEPOINT", "RELEASE", "BEGIN"))
        return execute(sql, *rest)

    connection.execute_wrappers.append(counted)
    return lambda: count


if __name__ == "__main__":
    raise SystemExit("this is no contender")
