"""The blocklist: its size, its French and German cases, the stem, the repeat and the run."""

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import text

from customer_accounts import common_passwords
from customer_accounts.common_passwords import covered, entries, fold, is_common

OWN = Path(__file__).parent / "tools" / "common_passwords_fr_de.txt"


def test_the_list_is_long_enough_small_and_states_its_sources() -> None:
    """PW-06: at least 3,000 entries reach 8 code points; the file is below 150 kB and names its sources."""
    listed = resources.files("customer_accounts").joinpath("data", "common_passwords.txt").read_text("utf-8")
    header = listed.partition("\n\n")[0]
    assert sum(len(entry) >= 8 for entry in entries()) >= 3_000
    assert len(listed.encode()) < 150_000
    assert "zxcvbn 4.5.0" in header
    assert "Permission is hereby granted" in header
    assert entries() is entries()


def test_entries_are_folded_and_not_redundant() -> None:
    """PW-06: every entry is in folded form, and no word of the licence slipped into the list."""
    assert all(entry == fold(entry) for entry in entries())
    assert "merchantability," not in entries()
    assert "permission" not in entries()


@pytest.mark.parametrize("entry", [e for e in OWN.read_text("utf-8").split() if len(e) >= 8])
def test_every_french_and_german_entry_is_common(entry: str) -> None:
    """PW-06: each of our own entries from eight code points on is refused, also with capital and year."""
    assert is_common(entry)
    assert is_common(entry.capitalize() + "2024!")


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password2024!", "P@$$w0rd", "p@ssw0rd2024", "$oleil2023", "Soleil2023!", "soleil2023",
        "azerty12345", "Azertyuiop1", "motdepasse1", "Motdepa$$3", "M0tdepa$$32024", "Jetaime69",
        "Chérie2024!", "Été12345", "Passwort123", "Schätzchen99", "Schalke04!", "qwertz1234", "Liebling2024",
        "ICHLIEBEDICH", "!!!motdepasse!!!", "48210583anna", "solei12024", "iloveyou2",
    ],
)  # fmt: skip
def test_a_stem_stays_common_with_ornaments(password: str) -> None:
    """PW-06: digits, signs, capitals, accents and leet around a listed word change nothing."""
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaa", "        ", "\0" * 20, "ababababab", "123412341234123", "abcabcabca", "xk7xk7xkxk7xk7xk",
        "masha1237masha1237!", "!masha1231masha1231",
        "passwordpassword", "soleilsoleil2024", "motdepassemotdepassemotdepasse", "éééééééééé", "😀" * 16,
    ],
)  # fmt: skip
def test_a_repeat_is_as_good_as_its_unit(password: str) -> None:
    """PW-06: a repeated short unit or a repeated common word is common at any length."""
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "123456789012345", "987654321098765", "abcdefghijklmnop", "zyxwvutsrqponmlk", "qwertzuiopasdfgh",
        "azertyuiopqsdfghjklm", "abcd1234", "aaaabbbbccccdddd", "aaa111bbb222ccc", "qwertz12345xy",
        "абвгдежзик",
    ],
)  # fmt: skip
def test_a_run_counts_for_nothing(password: str) -> None:
    """PW-06: rows of keys, neighbours in an alphabet and repeated characters are common at any length."""
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery", "voiture-bleue-7", "mein Hund heißt Rex", "zqxwvk81", "Tr0ub4dor&3",
        "48210583", "пароль-дома", "私のパスワードです", "xk81vq2mxk81vq2m", "kartoffel tanzt",
        "12ab34cd56ef", "a7xxxq9v2", "abcxqkvw", "dxrkvmqd", "dxrkvdxrkw", "48210583z",
    ],
)  # fmt: skip
def test_what_nobody_lists_is_not_common(password: str) -> None:
    """PW-04, PW-06: phrases, other scripts and random text pass; three in a row inside do no harm."""
    assert not is_common(password)


def test_neighbours_are_the_same_read_one_by_one_or_from_the_table() -> None:
    """PW-06: the table of neighbours holds what the rule says of each pair of ASCII, and nothing else."""
    known = [chr(code) for code in range(128)]
    said = {
        (one, other): step for one in known for other in known if (step := common_passwords._step(one, other))
    }
    assert common_passwords._ascii_steps() == said
    assert {said["a", "b"], said["b", "a"], said["a", "a"], said["q", "w"]} == {"up", "down", "same"}


@given(text(alphabet="abé漢1!- ", max_size=24))
def test_a_phrase_without_ornaments_is_its_only_stem(typed: str) -> None:
    """PW-06: where no other stem is looked for, there is none."""
    unit = common_passwords._unit(typed)
    assert common_passwords._unit(unit) == unit
    if common_passwords._is_its_only_stem(unit):
        assert set(common_passwords._stems(unit)) == {unit}


def test_only_the_given_list_decides_about_words() -> None:
    """PW-06: with an empty list a word passes, with itself as the list it does not."""
    assert not covered("kartoffelhaus", frozenset())
    assert covered("kartoffelhaus1", {"kartoffelhaus"})


def test_a_core_longer_than_any_entry_is_not_searched() -> None:
    """PW-03: text without a short core ends early and is judged by its runs alone."""
    assert not is_common("le petit chat boit du lait dans la cuisine verte 7")
