"""One database of the server: its names for each driver."""

from pathlib import Path

from attrs import frozen


@frozen
class Database:
    """A database, and how each driver is told to connect to it."""

    name: str
    user: str
    folder: Path

    @property
    def url(self) -> str:
        """The SQLAlchemy URL for psycopg, sync and async."""
        return f"postgresql+psycopg://{self.user}@/{self.name}?host={self.folder}"

    @property
    def asyncpg_url(self) -> str:
        """The SQLAlchemy URL for asyncpg."""
        return f"postgresql+asyncpg://{self.user}@/{self.name}?host={self.folder}"

    @property
    def dsn(self) -> str:
        """What libpq and asyncpg connect to without SQLAlchemy."""
        return f"postgresql://{self.user}@/{self.name}?host={self.folder}"

    @property
    def django(self) -> dict[str, str]:
        """The entry of Django's DATABASES."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "USER": self.user,
            "HOST": str(self.folder),
        }
