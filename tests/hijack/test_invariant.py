"""PH-10: the global invariant over random and over all short sequences of what owner and attacker can do."""

import os
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hijack.world import ACTIONS, World

#: 2,000 in the normal run; ``HIJACK_EXAMPLES=10000`` is the long one (CONTRIBUTING).
EXAMPLES = int(os.environ.get("HIJACK_EXAMPLES", "2000"))
#: How many steps the exhaustive search goes; 2 in the normal run, ``HIJACK_DEPTH=3`` in the long one.
DEPTH = int(os.environ.get("HIJACK_DEPTH", "2"))

#: States worth beginning the exhaustive search from.
BEGINNINGS = {
    "nothing": (),
    "the attacker was first": ("attacker_registers_the_owner",),
    "the attacker has an account": ("attacker_registers", "attacker_confirms"),
    "the attacker wants the address": (
        "attacker_registers",
        "attacker_confirms",
        "attacker_links_facebook",
        "attacker_moves_to_the_owners_address",
    ),
    "both registered": ("attacker_registers_the_owner", "owner_registers"),
    "the owner is in": ("attacker_registers_the_owner", "owner_registers", "owner_clicks"),
    "the owner ordered": ("owner_orders_as_guest", "attacker_uses_facebook"),
    "the owner forgot": ("owner_registers", "owner_clicks", "owner_asks_for_a_reset"),
}


def _play(world: World, names: tuple[str, ...] | list[str]) -> None:
    for name in names:
        getattr(world, name)()
        world.check()


@pytest.mark.parametrize("part", range(4))
@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(data=st.data())
def test_random_sequences_keep_the_invariant(part: int, data: st.DataObject) -> None:
    """PH-10, PH-01 to PH-08: whatever the two do in whatever order, the attacker stays out."""
    names = data.draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=16), label=f"part {part}")
    _play(World(), names)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_all_short_sequences_keep_the_invariant(beginning: str) -> None:
    """PH-10: every sequence of a few steps from every beginning keeps the invariant."""
    played = 0
    for names in product(ACTIONS, repeat=DEPTH):
        world = World()
        _play(world, (*BEGINNINGS[beginning], *names))
        played += 1
    assert played == len(ACTIONS) ** DEPTH


def test_the_search_reaches_what_it_is_about() -> None:
    """PH-10: the sequences do open accounts for both and use links; otherwise they would prove nothing."""
    world = World()
    _play(world, ["owner_orders_as_guest", "attacker_registers_the_owner", "owner_sets_a_password"])
    assert world.proven
    _play(world, ["attacker_registers", "attacker_confirms", "attacker_links_facebook", "attacker_claims"])
    assert world.attackers_sessions
    _play(world, ["owner_asks_for_a_reset", "owner_resets", "owner_signs_in", "owner_closes"])
    assert not world.proven
