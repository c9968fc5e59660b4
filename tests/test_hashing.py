"""Hashing: parameters, equal cost, garbage, pepper, bounded concurrency, nothing secret shown."""

import copy
import os
import pickle
import threading
import unicodedata
from typing import TYPE_CHECKING

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from customer_accounts.hashing import (
    CHEAPEST,
    OWASP_MINIMUM,
    RFC_9106_LOW_MEMORY,
    Argon2Hasher,
    Argon2Parameters,
    HasherBusyError,
    Pepper,
    RememberingHasher,
    Verification,
)

if TYPE_CHECKING:
    from customer_accounts.ports import PasswordHasher

PASSWORD = "kw7Rz!q2 Mxv9"
WRONG = Verification(ok=False, needs_rehash=False, recognised=True)
UNREADABLE = Verification(ok=False, needs_rehash=False, recognised=False)
RIGHT = Verification(ok=True, needs_rehash=False, recognised=True)
STALE = Verification(ok=True, needs_rehash=True, recognised=True)
OLDER = Argon2Parameters(memory=16, rounds=1, lanes=1)
OLD_PEPPER = Pepper("2025", b"o" * 32)
NEW_PEPPER = Pepper("2026", b"n" * 32)
PASSWORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def cheap(**options: object) -> Argon2Hasher:
    """Return a hasher that costs nearly nothing."""
    return Argon2Hasher(CHEAPEST, allow_cheap=True, **options)  # type: ignore[arg-type]  # options are passed through


HASHER = cheap()
# Made by HASHER once: a hash made anew in each process would give the tests other names in each.
STORED = "$argon2id$v=19$m=8,t=1,p=1$7zsWvLFLzFe04UibDwAp6Q$86CAysJtbJ5Ep+6jHTynoWiefEKAVIef58kPduTF9j0"


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the memory parameter of every argon2 computation that really ran."""
    costs: list[int] = []
    hashing, verifying = argon2.PasswordHasher.hash, argon2.PasswordHasher.verify

    def counted_hash(self: argon2.PasswordHasher, password: bytes) -> str:
        costs.append(self.memory_cost)
        return hashing(self, password)

    def counted_verify(self: argon2.PasswordHasher, stored: str, password: bytes) -> bool:
        cost = argon2.extract_parameters(stored).memory_cost
        try:
            answer = verifying(self, stored, password)
        except VerifyMismatchError:
            costs.append(cost)
            raise
        costs.append(cost)
        return answer

    monkeypatch.setattr(argon2.PasswordHasher, "hash", counted_hash)
    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted_verify)
    return costs


def test_the_default_is_the_owasp_minimum() -> None:
    """HS-01, HS-02: argon2id with 19 MiB, 2 rounds, 1 lane, stored as a PHC string with a salt of its own."""
    hasher = Argon2Hasher()
    stored = hasher.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != hasher.hash(PASSWORD)
    assert hasher.verify(PASSWORD, stored) == RIGHT


def test_weaker_parameters_are_refused_outside_tests() -> None:
    """HS-01: less memory or fewer rounds than the minimum need the explicit word of a test."""
    for weak in (CHEAPEST, Argon2Parameters(19_455, 2, 1), Argon2Parameters(65_536, 1, 1)):
        with pytest.raises(ValueError, match="OWASP"):
            Argon2Hasher(weak)
    assert not OWASP_MINIMUM.weak
    assert repr(Argon2Hasher(RFC_9106_LOW_MEMORY)) == f"Argon2Hasher({RFC_9106_LOW_MEMORY!r}, peppers=[])"


def test_the_hasher_fits_the_port() -> None:
    """HS-02: the hasher and its remembering wrapper are what the ports ask for (type-checked, too)."""
    fitting: list[PasswordHasher] = [HASHER, RememberingHasher(HASHER)]
    assert [hasher.verify(PASSWORD, STORED) for hasher in fitting] == [RIGHT, RIGHT]


@given(PASSWORDS, st.data())
def test_one_changed_code_point_fails(password: str, data: st.DataObject) -> None:
    """PW-02, PW-04: any text verifies as a whole, and with any one code point changed it does not."""
    stored = HASHER.hash(password)
    place = data.draw(st.integers(0, len(password) - 1))
    other = "x" if password[place] != "x" else "y"
    changed = password[:place] + other + password[place + 1 :]
    assert HASHER.verify(password, stored) == RIGHT
    assert HASHER.verify(changed, stored).ok is (
        unicodedata.normalize("NFC", changed) == unicodedata.normalize("NFC", password)
    )
    assert not HASHER.verify(password + " ", stored).ok


def test_nothing_is_truncated() -> None:
    """PW-02: the last of 1,024 bytes counts, NUL ends nothing, case and spaces count."""
    longest = "k" * 1_023
    assert not HASHER.verify(longest + "b", HASHER.hash(longest + "a")).ok
    assert not HASHER.verify("abc\0def", HASHER.hash("abc\0xyz")).ok
    for other in (PASSWORD.upper(), PASSWORD + " ", " " + PASSWORD, PASSWORD[:-1]):
        assert HASHER.verify(other, STORED) == WRONG


@given(PASSWORDS)
def test_composed_and_decomposed_spellings_verify_alike(password: str) -> None:
    """PW-05: NFC and NFD of the same text are the same password."""
    stored = HASHER.hash(unicodedata.normalize("NFD", password))
    assert HASHER.verify(unicodedata.normalize("NFC", password), stored) == RIGHT


@pytest.mark.parametrize("stored", [None, STORED, "garbage"])
def test_a_password_over_the_limit_costs_nothing(stored: str | None, computed: list[int]) -> None:
    """PW-03: over 1,024 bytes nothing is computed, whatever is stored."""
    for password in ("x" * 1_025, "x" * 1_000_000):
        assert HASHER.verify(password, stored).ok is False
        with pytest.raises(ValueError, match="too_long"):
            HASHER.hash(password)
    assert computed == []


@pytest.mark.parametrize("password", ["", "\ud800x"])
def test_an_empty_or_malformed_password_is_never_hashed(password: str, computed: list[int]) -> None:
    """HS-06: there is no hash of the empty password, and the error repeats nothing that was typed."""
    with pytest.raises(ValueError, match="cannot be hashed") as caught:
        HASHER.hash(password)
    assert "ud800" not in repr(caught.value)
    assert computed == []


def test_the_empty_password_never_verifies() -> None:
    """HS-06: not even against a hash that somebody made of it, nor of what is computed in its place."""
    engine = argon2.PasswordHasher(1, 8, 1)
    assert HASHER.verify("", engine.hash("")) == WRONG
    assert HASHER.verify("", engine.hash("-")) == WRONG
    assert HASHER.verify("", None) == UNREADABLE


@pytest.mark.parametrize(
    ("password", "stored", "expected"),
    [
        (PASSWORD, STORED, RIGHT),
        ("another one", STORED, WRONG),
        (PASSWORD, None, UNREADABLE),
        (PASSWORD, "", UNREADABLE),
        (PASSWORD, "!", UNREADABLE),
        (PASSWORD, "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", UNREADABLE),
        (PASSWORD, "$argon2id$v=19$m=8,t=1,p=9$" + "A" * 22 + "$" + "A" * 43, UNREADABLE),
        (PASSWORD, "$argon2id$v=19$m=99999999,t=1,p=1$" + "A" * 22 + "$" + "A" * 43, UNREADABLE),
        (PASSWORD, "$argon2id$v=19$m=8,t=99,p=1$" + "A" * 22 + "$" + "A" * 43, UNREADABLE),
        (PASSWORD, "pepper:unknown:" + STORED, UNREADABLE),
        ("", STORED, WRONG),
        ("", None, UNREADABLE),
        ("\ud800", STORED, WRONG),
        ("\ud800", None, UNREADABLE),
    ],
)
def test_every_answer_costs_one_computation(
    password: str, stored: str | None, expected: Verification, computed: list[int]
) -> None:
    """EN-03, EN-04, HS-06, HS-07: right or wrong, known or not, readable or not: one computation."""
    assert HASHER.verify(password, stored) == expected
    assert computed == [CHEAPEST.memory]


def test_the_stand_in_costs_what_the_settings_say(computed: list[int]) -> None:
    """EN-04: without an account the work is that of the current parameters, whatever they are."""
    dearer = Argon2Hasher(OLDER, allow_cheap=True)
    for stored in (None, "garbage"):
        assert dearer.verify(PASSWORD, stored) == UNREADABLE
    assert computed == [OLDER.memory, OLDER.memory]


def test_old_parameters_cost_their_own_and_one_on_the_current(computed: list[int]) -> None:
    """EN-03, EN-04, HS-03: a wrong password is equalised here, a right one by the rehash of the caller."""
    stored = Argon2Hasher(OLDER, allow_cheap=True).hash(PASSWORD)
    computed.clear()
    assert HASHER.verify("another one", stored) == WRONG
    assert computed == [OLDER.memory, CHEAPEST.memory]
    computed.clear()
    assert HASHER.verify(PASSWORD, stored) == STALE
    assert HASHER.verify(PASSWORD, HASHER.hash(PASSWORD)) == RIGHT
    assert computed == [OLDER.memory, CHEAPEST.memory, CHEAPEST.memory]


@pytest.mark.parametrize(
    "engine",
    [
        argon2.PasswordHasher(1, 8, 1, type=argon2.Type.I),
        argon2.PasswordHasher(1, 8, 1, type=argon2.Type.D),
        argon2.PasswordHasher(1, 8, 1, hash_len=16),
        argon2.PasswordHasher(1, 8, 1, salt_len=8),
    ],
    ids=["argon2i", "argon2d", "short hash", "short salt"],
)
def test_other_argon2_hashes_verify_and_ask_for_a_rehash(engine: argon2.PasswordHasher) -> None:
    """HS-02, HS-03: imported argon2 hashes of another kind or length are read and replaced."""
    assert HASHER.verify(PASSWORD, engine.hash(PASSWORD)) == STALE


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1")), st.binary()))
def test_garbage_is_an_answer_and_no_exception(stored: str | bytes) -> None:
    """HS-07: whatever the storage holds, a failure comes back."""
    assert HASHER.verify(PASSWORD, stored) == UNREADABLE  # type: ignore[arg-type]  # bytes are what a driver may hand over


@given(
    st.lists(
        st.sampled_from(
            [
                "$",
                "argon2id",
                "argon2x",
                "v=19",
                "v=16",
                "m=8",
                "m=٨",
                "t=1",
                "t=0",
                "p=1",
                ",",
                "A" * 22,
                "A" * 43,
                "=",
                "pepper:a:",
                "\n",
            ]
        ),
        max_size=14,
    ).map("".join)
)
def test_what_looks_like_a_hash_is_no_exception_either(stored: str) -> None:
    """HS-07: damaged PHC strings fail like any other."""
    assert HASHER.verify(PASSWORD, stored).ok is False


@given(st.data())
def test_a_damaged_hash_never_verifies(data: st.DataObject) -> None:
    """HS-07: a stored hash with one character changed in its digest is no longer this password's."""
    place = data.draw(st.integers(len(STORED) - 40, len(STORED) - 2))
    other = data.draw(st.sampled_from("ABCxyz019+/$=, é\0"))
    damaged = STORED[:place] + other + STORED[place + 1 :]
    assert HASHER.verify(PASSWORD, damaged).ok is (damaged == STORED)


class TestPepper:
    """HS-08: a key outside the database, with id and rotation."""

    def test_the_key_id_is_stored_and_the_key_is_needed(self) -> None:
        """HS-08: without the key the hash cannot be tried, with it the password verifies."""
        stored = cheap(peppers=[NEW_PEPPER]).hash(PASSWORD)
        assert stored.startswith("pepper:2026:$argon2id$v=19$m=8,t=1,p=1$")
        assert cheap(peppers=[NEW_PEPPER]).verify(PASSWORD, stored) == RIGHT
        assert cheap(peppers=[NEW_PEPPER]).verify("another one", stored) == WRONG
        assert HASHER.verify(PASSWORD, stored) == UNREADABLE
        assert not HASHER.verify(PASSWORD, stored.removeprefix("pepper:2026:")).ok
        assert not cheap(peppers=[Pepper("2026", b"x" * 32)]).verify(PASSWORD, stored).ok

    def test_an_old_key_and_no_key_verify_and_ask_for_a_rehash(self) -> None:
        """HS-08: after a rotation every earlier hash still works once."""
        rotated = cheap(peppers=[NEW_PEPPER, OLD_PEPPER])
        assert rotated.verify(PASSWORD, cheap(peppers=[OLD_PEPPER]).hash(PASSWORD)) == STALE
        assert rotated.verify(PASSWORD, STORED) == STALE
        assert rotated.verify(PASSWORD, rotated.hash(PASSWORD)) == RIGHT

    def test_a_retired_pepper_setting_still_verifies(self, computed: list[int]) -> None:
        """HS-08, EN-04: a wrong password under an old key costs one computation more, as any old hash."""
        stored = cheap(peppers=[OLD_PEPPER]).hash(PASSWORD)
        computed.clear()
        assert cheap(peppers=[NEW_PEPPER, OLD_PEPPER]).verify("another one", stored) == WRONG
        assert computed == [8, 8]

    @pytest.mark.parametrize(
        ("key_id", "key"), [("", b"k" * 32), ("a:b", b"k" * 32), ("a" * 33, b"k" * 32), ("a", b"k" * 31)]
    )
    def test_unusable_keys_are_refused(self, key_id: str, key: bytes) -> None:
        """HS-08: a key id must be found again in the stored string, and a key must not be guessable."""
        with pytest.raises(ValueError, match="pepper"):
            Pepper(key_id, key)

    def test_a_key_id_names_one_key(self) -> None:
        """HS-08: a new key under an old id would make every earlier hash unreadable, so it is refused."""
        with pytest.raises(ValueError, match="same key id"):
            cheap(peppers=[NEW_PEPPER, Pepper("2026", b"x" * 32)])

    @given(PASSWORDS)
    def test_any_password_verifies_under_a_pepper(self, password: str) -> None:
        """HS-08, PW-04, PW-05: NUL and every script pass through the pepper whole."""
        hasher = cheap(peppers=[NEW_PEPPER])
        assert hasher.verify(unicodedata.normalize("NFD", password), hasher.hash(password)) == RIGHT


class Plain:
    """A scheme that stores what was typed; counts how often it compared."""

    def __init__(self) -> None:
        self.compared: list[str] = []

    def recognise(self, stored: str, /) -> bool:
        """Know its own strings."""
        return stored.startswith("plain:")

    def verify(self, password: str, stored: str, /) -> bool:
        """Compare, or fail on a damaged string."""
        self.compared.append(password)
        if stored == "plain:":
            raise ValueError
        return stored == "plain:" + password


def test_a_legacy_hash_verifies_and_asks_for_a_rehash(computed: list[int]) -> None:
    """HS-02, EN-03: a right password is left to the caller's rehash, a wrong one is equalised here."""
    hasher = cheap(legacy=[Plain()])
    assert hasher.verify(PASSWORD, "plain:" + PASSWORD) == STALE
    assert computed == []
    assert hasher.verify("another one", "plain:" + PASSWORD) == WRONG
    assert hasher.verify("", "plain:-") == WRONG
    assert computed == [8, 8]


def test_a_legacy_hash_is_tried_as_typed_too() -> None:
    """HS-02, PW-05: an earlier shop hashed what it got, so the typed spelling counts beside NFC."""
    decomposed = unicodedata.normalize("NFD", "grüße an léa")
    scheme = Plain()
    hasher = cheap(legacy=[scheme])
    assert hasher.verify(decomposed, "plain:" + decomposed) == STALE
    assert hasher.verify(decomposed, "plain:grüße an léa") == STALE
    scheme.compared.clear()
    assert hasher.verify(PASSWORD, "plain:no") == WRONG
    assert scheme.compared == [PASSWORD]


def test_a_failing_legacy_verifier_is_an_unreadable_hash(computed: list[int]) -> None:
    """HS-07: its ValueError is a failure at the usual cost."""
    assert cheap(legacy=[Plain()]).verify(PASSWORD, "plain:") == UNREADABLE
    assert computed == [8]


class Gauge:
    """A legacy scheme that notes how many comparisons run at once, and holds them until told."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running = self.peak = 0
        self.entered = threading.Semaphore(0)
        self.go = threading.Event()

    def recognise(self, _stored: str, /) -> bool:
        """Know everything."""
        return True

    def verify(self, _password: str, _stored: str, /) -> bool:
        """Wait inside the slot."""
        with self.lock:
            self.running += 1
            self.peak = max(self.peak, self.running)
        self.entered.release()
        assert self.go.wait(30)
        with self.lock:
            self.running -= 1
        return True


def test_no_more_computations_than_cores_run_at_once() -> None:
    """HS-05: of 16 sign-ins at once as many compute as there are cores, and all are answered."""
    gauge = Gauge()
    hasher = cheap(legacy=[gauge], wait=30.0)
    cores = os.cpu_count() or 1
    answers: list[Verification] = []
    threads = [
        threading.Thread(target=lambda: answers.append(hasher.verify(PASSWORD, "held")))
        for _ in range(cores + 14)
    ]
    for thread in threads:
        thread.start()
    for _ in range(cores):
        assert gauge.entered.acquire(timeout=30)
    one_too_many = gauge.entered.acquire(timeout=0.5)
    gauge.go.set()
    for thread in threads:
        thread.join()
    assert not one_too_many
    assert gauge.peak == cores
    assert answers == [STALE] * len(threads)


def test_who_waits_too_long_is_told_so() -> None:
    """HS-05: with every slot taken both end in a typed error, and afterwards the slot is free again."""
    gauge = Gauge()
    hasher = cheap(legacy=[gauge], slots=1, wait=0.2)
    holder = threading.Thread(target=hasher.verify, args=(PASSWORD, "held"))
    holder.start()
    assert gauge.entered.acquire(timeout=30)
    with pytest.raises(HasherBusyError, match=r"0\.2 seconds"):
        hasher.hash(PASSWORD)
    with pytest.raises(HasherBusyError):
        hasher.verify(PASSWORD, None)
    gauge.go.set()
    holder.join()
    assert hasher.verify(PASSWORD, hasher.hash(PASSWORD)) == RIGHT


def test_a_failure_inside_gives_the_slot_back() -> None:
    """HS-05: a fault of a host's own verifier surfaces and blocks nobody."""

    class Broken(Plain):
        def verify(self, _password: str, _stored: str, /) -> bool:
            raise LookupError

    hasher = cheap(legacy=[Broken()], slots=1)
    for _ in range(3):
        with pytest.raises(LookupError):
            hasher.verify(PASSWORD, "plain:x")
    assert hasher.hash(PASSWORD).startswith("$argon2id$")


class TestRemembering:
    """EN-03: within one call nothing is computed twice."""

    def test_asking_again_computes_nothing(self, computed: list[int]) -> None:
        """EN-03: deciding a lost race again gets the same hash and the same answers."""
        remembering = RememberingHasher(HASHER)
        first = remembering.hash(PASSWORD)
        assert [remembering.hash(PASSWORD) for _ in range(5)] == [first] * 5
        assert [remembering.verify(PASSWORD, STORED) for _ in range(5)] == [RIGHT] * 5
        assert [remembering.verify(PASSWORD, None) for _ in range(5)] == [UNREADABLE] * 5
        assert len(computed) == 3

    def test_other_input_is_asked_anew(self, computed: list[int]) -> None:
        """EN-03: another password or another stored hash is another question, as is another call."""
        remembering = RememberingHasher(HASHER)
        assert remembering.verify(PASSWORD, STORED) == RIGHT
        assert remembering.verify("another one", STORED) == WRONG
        assert remembering.hash(PASSWORD) != remembering.hash("another one")
        assert RememberingHasher(HASHER).verify(PASSWORD, STORED) == RIGHT
        assert len(computed) == 5

    def test_a_busy_hasher_is_not_remembered(self) -> None:
        """HS-05: what could not be computed is asked again."""
        gauge = Gauge()
        hasher = cheap(legacy=[gauge], slots=1, wait=0.2)
        holder = threading.Thread(target=hasher.verify, args=(PASSWORD, "held"))
        holder.start()
        assert gauge.entered.acquire(timeout=30)
        remembering = RememberingHasher(hasher)
        with pytest.raises(HasherBusyError):
            remembering.hash(PASSWORD)
        gauge.go.set()
        holder.join()
        assert remembering.hash(PASSWORD).startswith("$argon2id$")


def test_nothing_secret_is_shown() -> None:
    """LG-01: neither the password nor a hash nor a key is in any repr or str."""
    peppered = cheap(peppers=[NEW_PEPPER], legacy=[Plain()])
    remembering = RememberingHasher(peppered)
    stored = remembering.hash(PASSWORD)
    remembering.verify(PASSWORD, stored)
    for value in (NEW_PEPPER, peppered, remembering, remembering.verify(PASSWORD, stored)):
        shown = repr(value) + str(value) + f"{value}"
        assert PASSWORD not in shown
        assert stored not in shown
        assert "nnnn" not in shown
    assert "2026" in repr(remembering)


@pytest.mark.parametrize(
    "value", [NEW_PEPPER, HASHER, RememberingHasher(HASHER)], ids=lambda value: type(value).__name__
)
def test_pickling_and_copying_are_refused(value: object) -> None:
    """LG-01: what holds secrets goes into no pickle, at any protocol, and into no copy."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError, match="never pickled"):
        copy.deepcopy(value)
