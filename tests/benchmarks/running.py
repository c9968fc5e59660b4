"""Runs contenders: each in a process of its own, in one environment that holds all of them, in turns."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import field, frozen

from customer_accounts.adapters.sql import SqlStorage
from tests.benchmarks.rows import median
from tests.postgres import Database, Server, running_server

ROOT = Path(__file__).parents[2]
#: Where the other libraries are installed; never where this one is developed.
PEERS = ROOT / ".venv-benchmarks"
PACKAGES = (
    "fastapi-users[sqlalchemy]>=15,<16", "django-allauth>=65,<66", "pyvat", "company-id-validators",
    "rich", "typer",
)  # fmt: skip

#: The contenders by the name that reports show; the value is their module.
OURS = "customer_accounts"
FLOOR = "floor"
CONTENDERS = {
    OURS: "ours",
    "fastapi-users": "fastapi_users_manager",
    "allauth": "allauth_signup",
    "Django create_user": "django_users",
    FLOOR: "floor",
}


def peers_python() -> Path:
    """Give the interpreter of the environment with the other libraries; made at the first use, with pip."""
    python = PEERS / "bin" / "python"
    complete, wanted = PEERS / "complete", (*PACKAGES, "-e", f"{ROOT}[postgres,async,http]")
    if not complete.exists() or complete.read_text("utf-8") != "\n".join(wanted):
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        complete.write_text("\n".join(wanted), "utf-8")
    return python


def versions() -> dict[str, str]:
    """Give the versions of the other libraries."""
    names = ("fastapi-users", "django-allauth", "django", "pyvat", "company-id-validators", "python-stdnum")
    code = f"from importlib.metadata import version; import json; print(json.dumps({{n: version(n) for n in {names}}}))"
    done = subprocess.run([peers_python(), "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@frozen
class Run:
    """One run of the benchmarks.

    Args:
        quick: fewer repetitions and smaller tables, for a look while working.
        say: tells what is going on.
    """

    quick: bool
    folder: Path
    say: Callable[[str], None] = field(repr=False)

    @property
    def rounds(self) -> int:
        """How often each contender takes its turn."""
        return 3 if self.quick else 7

    def python(self, module: str, *words: str, **environment: str) -> Any:
        """Run a module in the virtual environment of the peers, and read the JSON that it prints."""
        command = [str(peers_python()), "-m", f"tests.benchmarks.{module}", *words]
        env = {**os.environ, **environment}
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=env)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return json.loads(done.stdout.splitlines()[-1])

    def contender(self, name: str, task: str, url: str, **options: Any) -> dict[str, float]:
        """Have one contender do one task once."""
        told = {"url": url, "task": task, "prefix": "a", "count": 300, "warm": 50, **options}
        found: dict[str, float] = self.python(f"contenders.{CONTENDERS[name]}", json.dumps(told))
        return found

    @staticmethod
    def medians(turns: Mapping[str, Sequence[Mapping[str, float]]]) -> dict[str, dict[str, float]]:
        """Give the medians of each contender."""
        return {
            name: {key: median(one[key] for one in several) for key in several[0]}
            for name, several in turns.items()
        }

    def turns(
        self, names: Sequence[str], task: str, urls: Mapping[str, str], **options: Any
    ) -> dict[str, list[dict[str, float]]]:
        """Have the contenders do one task in turns, and give what each took in each of them."""
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        for number in range(self.rounds):
            for name in names:
                self.say(f"{task}: {name}, {number + 1} of {self.rounds}")
                found[name].append(self.contender(name, task, urls[name], prefix=f"r{number}x", **options))
        return found

    def sqlite_urls(self, names: Sequence[str], label: str) -> dict[str, str]:
        """Give an empty SQLite file for each contender; ours has its tables."""
        urls = {name: f"sqlite:///{self.folder}/{label}-{CONTENDERS[name]}.db" for name in names}
        create_schema(urls[OURS])
        return urls


def create_schema(url: str) -> None:
    """Make our tables."""
    storage = SqlStorage(url)
    storage.create_schema()
    storage.close()


@contextmanager
def started(*, quick: bool, say: Callable[[str], None]) -> Iterator[Run]:
    """Begin a run: a folder on a disk in memory where there is one, so that no disk is measured."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="benchmarks-", dir=memory if memory.is_dir() else None) as folder:
        yield Run(quick, Path(folder), say)


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[tuple[Server, Callable[[str, str], Database]]]:
    """Run a server, and give databases for contenders; ours has its tables."""
    with running_server(durable=durable, shared_buffers="256MB") as server:

        def database(label: str, name: str) -> Database:
            made = server.create(f"{label}_{CONTENDERS[name]}")
            if name == OURS:
                create_schema(made.url)
            return made

        yield server, database
