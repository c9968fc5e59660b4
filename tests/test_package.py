"""The package as it is installed: what it needs, what it carries, and that each module stands alone."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from pkgutil import walk_packages

import pytest

import customer_accounts

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

#: What the core must work without: frameworks, databases, network libraries, and what only extras need.
NOT_OF_THE_CORE = (
    "aiosmtpd",
    "aiosmtplib",
    "alembic",
    "cryptography",
    "django",
    "fastapi",
    "flask",
    "httpx",
    "httpx2",
    "litestar",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "typer",
)

#: Packages that nobody maintains or that were replaced; none may come back through a dependency (SUP-01).
UNMAINTAINED = frozenset(
    {
        "crypto",
        "ecdsa",
        "nose",
        "passlib",
        "pycrypto",
        "pyopenssl",
        "python-jose",
        "python-jwt",
        "python-u2flib-server",
        "pytz",
        "simplejson",
        "six",
        "suds",
        "suds-jurko",
        "toml",
        "validate-email",
        "vatnumber",
    }
)

BLOCKER = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {NOT_OF_THE_CORE!r}:
            raise ImportError(f"{{name}} is blocked")

sys.meta_path.insert(0, Blocker())
"""

REGISTRATION = """
from customer_accounts import Accounts, Register, Settings, Storefront, Visitor
from customer_accounts.adapters.memory import MemoryStorage

settings = Settings(
    secret="a secret that is only good for tests",
    storefront=Storefront(name="Shop", base_url="https://shop.example", contact="help@shop.example"),
)
shop = Accounts(MemoryStorage(), settings)
asked = Register(email="anna@gmial.com", password="eleven quiet herons")
print(shop.require(asked, by=Visitor(ip="203.0.113.7", browser="a browser's secret")).email_suggestion)
"""

EVERY_NAME = "from customer_accounts import *\n"
PACKAGES = "import sys\nprint(*sorted({one.partition('.')[0] for one in sys.modules}))"

ALONE = """
import importlib, sys, types

for name in sys.argv[2:]:
    for loaded in [one for one in sys.modules if one.partition(".")[0] == "customer_accounts"]:
        del sys.modules[loaded]
    # The package without what its __init__ imports, or that would come first and hide a circle.
    bare = types.ModuleType("customer_accounts")
    bare.__path__ = [sys.argv[1]]
    sys.modules["customer_accounts"] = bare
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
"""


def _group_of(name: str) -> str:
    return ".".join(name.split(".")[:2]) if name.count(".") > 1 else "customer_accounts"


MODULES = [one.name for one in walk_packages(customer_accounts.__path__, "customer_accounts.")]
GROUPS = sorted({_group_of(one) for one in MODULES})


def _python(code: str, *arguments: str) -> str:
    """Run code in a fresh interpreter and give what it printed."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _names(requirements: list[str]) -> set[str]:
    return {_name(one) for one in requirements}


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def _required(name: str, seen: set[str]) -> set[str]:
    """Give everything that an installed package needs without extras, itself included."""
    if name in seen:
        return seen
    try:
        needs = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return seen  # needed on other platforms or versions of Python only
    seen.add(name)
    for one in needs:
        if "extra ==" not in one:
            _required(_name(one), seen)
    return seen


def test_the_core_needs_no_framework_database_or_network_library() -> None:
    """Style 2: with all of them blocked, the package imports, and somebody registers."""
    assert _python(BLOCKER + REGISTRATION).strip() == "anna@gmail.com"


def test_the_blocker_blocks() -> None:
    """The test above can fail: with the same blocker, an adapter that needs SQLAlchemy does not import."""
    with pytest.raises(AssertionError, match="sqlalchemy is blocked"):
        _python(BLOCKER + "import customer_accounts.adapters.sql")


def test_importing_the_core_loads_nothing_of_an_extra() -> None:
    """What is installed but not asked for stays unloaded, so that a host's start-up pays for what it uses."""
    loaded = _python(EVERY_NAME + PACKAGES).split()
    assert "pydantic" in loaded
    assert set(loaded).isdisjoint({*NOT_OF_THE_CORE, "smtplib"})


def test_importing_the_package_loads_what_is_asked_for_and_no_more() -> None:
    """PEP 562: without a name nothing is loaded, and a sync host's names bring no event loop."""
    bare = _python("import customer_accounts\n" + PACKAGES).split()
    assert set(bare).isdisjoint({"attr", "pydantic", "email_validator", "stdnum", "argon2"})
    for_sync = "from customer_accounts import Accounts, Register, Settings, SignIn\n"
    assert "asyncio" not in _python(for_sync + PACKAGES).split()


@pytest.mark.parametrize("group", GROUPS)
def test_each_module_imports_alone(group: str) -> None:
    """No module needs another one to be imported first: there is no circular import."""
    names = [one for one in MODULES if _group_of(one) == group]
    assert _python(ALONE, customer_accounts.__path__[0], *names) == ""


def test_the_version_is_the_one_of_the_metadata() -> None:
    """Style 6: the version is written down once, and no constant repeats it."""
    assert metadata.version("customer-accounts") == PROJECT["version"]
    assert not hasattr(customer_accounts, "__version__")


def test_types_are_published() -> None:
    """``py.typed`` lies where type checkers look for it (that it is in the wheel, the gates show)."""
    spec = find_spec("customer_accounts")
    assert spec is not None
    assert spec.origin is not None
    assert (Path(spec.origin).parent / "py.typed").is_file()


def test_the_core_needs_five_packages() -> None:
    """Design: attrs, pydantic, email-validator, python-stdnum and argon2-cffi, and nothing else."""
    core = {"attrs", "pydantic", "email-validator", "python-stdnum", "argon2-cffi"}
    assert _names(PROJECT["dependencies"]) == core
    declared = metadata.requires("customer-accounts") or []
    assert _names([one for one in declared if "extra ==" not in one]) == core


def test_dependencies_have_a_lower_bound() -> None:
    """SUP-01: every range says which version is known to work; only our own extras name none."""
    extras = [one for group in PROJECT["optional-dependencies"].values() for one in group]
    for requirement in (*PROJECT["dependencies"], *extras):
        assert ">=" in requirement or requirement.startswith("customer-accounts["), requirement


def test_nothing_unmaintained_is_needed() -> None:
    """SUP-01: neither the core nor an extra for production, with all that they need, is on the list."""
    needed: set[str] = set()
    for extra in ("sql", "async", "http", "cli"):
        for one in _names(PROJECT["optional-dependencies"][extra]):
            _required(one, needed)
    for one in _names(PROJECT["dependencies"]):
        _required(one, needed)
    assert {"pydantic-core", "sqlalchemy"} <= needed
    assert needed.isdisjoint(UNMAINTAINED)


def test_constraints_name_versions_and_nothing_else() -> None:
    """Constraints hold no index, no path and no range, and know every package that we ask for."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = [one for one in lines if one and not one.startswith("#")]
    assert pinned
    assert [one for one in pinned if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", one)] == []
    groups = PROJECT["optional-dependencies"].values()
    wanted = _names(PROJECT["dependencies"]) | {name for group in groups for name in _names(group)}
    assert wanted - _names(pinned) == {"customer-accounts"}
