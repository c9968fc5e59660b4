"""Commands as request bodies of a real FastAPI host: its 422 answers echo nothing, its schema marks passwords.

FastAPI checks bodies with validators of its own making and puts `errors()` into the answer, so this is held against
the framework itself and not against what is known of it (LG-01).
"""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from customer_accounts.command import Command
from customer_accounts.features.claim_order import ClaimOrder
from customer_accounts.features.registration import Register
from customer_accounts.features.sign_in import SignIn
from customer_accounts.refusals import Refused
from tests.bad_input.absurd import CANARY, EVERYTHING
from tests.bad_input.valid import ALL, name_of
from tests.shop import Shop

# FastAPI silences this warning about its own adapters when it makes them; those of models that are built at their
# first use it makes again later, and then does not.
pytestmark = pytest.mark.filterwarnings("ignore:The 'alias' attribute with value")

#: Commands that no request can carry: they hold what only an adapter makes.
NOT_FOR_REQUESTS = frozenset({"LinkIdentity", "SignInWithIdentity", "RecordVatAnswer"})


def host() -> FastAPI:
    """Make a host: one command as the whole body, another one embedded, and two at once."""
    app, shop = FastAPI(), Shop()

    @app.post("/register")
    def register(command: Register) -> str:
        answer = shop.handle(command, by=shop.visitor())
        return answer.reason if isinstance(answer, Refused) else answer.email

    @app.post("/sign-in")
    def sign_in(command: SignIn = Body(embed=True)) -> str:  # noqa: B008, FAST002 - the older of two styles
        return type(shop.handle(command, by=shop.visitor())).__name__

    @app.post("/both")
    def both(first: SignIn, then: Register) -> str:
        return f"{first.email} {then.email}"

    return app


@pytest.fixture(name="client", scope="module")
def _client() -> Iterator[TestClient]:
    """A browser that talks to the host."""
    with TestClient(host(), raise_server_exceptions=True) as client:
        yield client


def _post(client: TestClient, path: str, body: Any) -> Any:
    wrapped = {"/register": body, "/sign-in": {"command": body}, "/both": {"first": body, "then": body}}
    return client.post(path, json=wrapped[path])


PATHS = ("/register", "/sign-in", "/both")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"email": "a@mail.example", "pasword": CANARY}, "pasword"),
        ({"email": "a@mail.example", "Password": CANARY}, "Password"),
        ({"password": CANARY}, "email"),
        ({"email": CANARY * 100, "password": CANARY}, "email"),
        ({"email": "a@mail.example", "password": [CANARY]}, "password"),
        ({"email": "a@mail.example", "password": {"x": CANARY}}, "password"),
        ({"email": "a@mail.example", "password": 5, "note": CANARY}, "password"),
        ({"email": {"password": CANARY}, "password": CANARY}, "email"),
        ({"email": "a@mail.example", "password": CANARY, "company": CANARY, "x": CANARY}, "x"),
        (CANARY, "body"),
        ([{"password": CANARY}], "body"),
        ({f"{CANARY} {number}": CANARY for number in range(5_000)}, "body"),
    ],
)
def test_a_422_answer_names_the_field_and_echoes_nothing(
    client: TestClient, path: str, body: object, named: str
) -> None:
    """LG-01: wrong, misspelt and missing fields are named in a short answer that holds nothing of the body."""
    answer = _post(client, path, body)
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert named in answer.text
    assert len(answer.text) < 3_000


def test_a_contradiction_echoes_neither_side(client: TestClient) -> None:
    """LG-01: what fields say together is told without what they hold."""
    body = {"email": "a@mail.example", "password": CANARY, "generate_password": True}
    answer = client.post("/register", json=body)
    assert (answer.status_code, CANARY in answer.text) == (422, False)
    assert "not both" in answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["email", "password", "locale", "company", "nonsense"])
def test_no_absurd_value_comes_back(client: TestClient, path: str, name: str) -> None:
    """LG-01: whatever JSON can hold, in whichever field: an answer below 500 without it."""
    for label, value in EVERYTHING.items():
        try:
            text = json.dumps({"email": "a@mail.example", "password": CANARY, name: value}, allow_nan=True)
        except (TypeError, ValueError, RecursionError):
            continue
        body = {"/register": text, "/sign-in": f'{{"command": {text}}}'}
        whole = body.get(path, f'{{"first": {text}, "then": {text}}}')
        answer = client.post(path, content=whole, headers={"content-type": "application/json"})
        assert answer.status_code in (200, 422), label
        assert answer.status_code == 200 or CANARY not in answer.text, label


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (f'{{"password": "{CANARY}', "application/json"),
        (f'{{"password": "{CANARY}", }}', "application/json"),
        (CANARY, "application/json"),
        (f'"{CANARY}"', "application/json"),
        (CANARY.encode() + b"\xff", "application/json"),
        ("[" * 100_000 + CANARY, "application/json"),
        ("1" * 5_000, "application/json"),
        (f"password={CANARY}", "application/x-www-form-urlencoded"),
        (CANARY, "text/plain"),
        ("", "application/json"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_none_is_not_echoed(
    client: TestClient, path: str, content: str | bytes, kind: str
) -> None:
    """LG-01: broken JSON and other kinds of content are refused without a word of them."""
    answer = client.post(path, content=content, headers={"content-type": kind})
    assert answer.status_code in (400, 422)
    assert CANARY not in answer.text


def test_good_bodies_get_through() -> None:
    """The refusals above are about the input: such a host registers and refuses by its rules."""
    client = TestClient(host())
    body = {"email": "nina@mail.example", "password": "eleven quiet herons"}
    assert client.post("/register", json=body).json() == "nina@mail.example"
    assert client.post("/sign-in", json={"command": body}).json() == "Refused"
    assert client.post("/register", json={**body, "password": "short"}).json() == "password_too_short"


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_holds_secret(one) for one in get_args(annotation))


def _is_secret(schema: dict[str, Any]) -> bool:
    some = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return bool(some) and all((one.get("format"), one.get("writeOnly")) == ("password", True) for one in some)


@pytest.mark.parametrize("kind", [one for one in ALL if one.__name__ not in NOT_FOR_REQUESTS], ids=name_of)
def test_the_schema_marks_passwords(kind: type[Command]) -> None:
    """LG-01: in the schema of every command a password is write-only and of the format ``password``, and so is a fact
    that only the host can check."""
    found = kind.model_json_schema()["properties"] if kind.model_fields else {}
    for name, field in kind.model_fields.items():
        secret = _holds_secret(field.annotation)
        assert _is_secret(found[name]) == secret
        password = "password" in name and field.annotation is not bool
        assert secret == (password or (kind, name) == (ClaimOrder, "fact"))


def test_openapi_marks_passwords(client: TestClient) -> None:
    """LG-01: what FastAPI publishes says the same, and no answer has a field for a password."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert _is_secret(schemas["SignIn"]["properties"]["password"])
    assert _is_secret(schemas["Register"]["properties"]["password"])
    assert schemas["SignIn"]["additionalProperties"] is False
