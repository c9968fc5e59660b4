"""PH-10: the global invariant over random and over all short sequences of what owner and attacker can do."""

import os
from collections.abc import Callable
from copy import copy

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


@pytest.fixture(name="world", scope="module")
def _world() -> World:
    """A world that every test brings back to its beginning."""
    return World()


@pytest.fixture(name="begin", scope="module")
def _begin(world: World) -> Callable[[], None]:
    """What brings the world back to its beginning."""
    return world.saved()


def _play(world: World, names: tuple[str, ...] | list[str]) -> None:
    for name in names:
        getattr(world, name)()
        world.check()


def _play_all(world: World, depth: int, *before: str) -> int:
    """Play every sequence of so many steps from here, and count them; a failure shows what was done *before*."""
    if not depth:
        return 1
    back, played = world.saved(), 0
    for name in ACTIONS:
        _play(world, [name])
        played += _play_all(world, depth - 1, *before, name)
        back()
    return played


@pytest.mark.parametrize("part", range(4))
@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(data=st.data())
def test_random_sequences_keep_the_invariant(
    part: int, world: World, begin: Callable[[], None], data: st.DataObject
) -> None:
    """PH-10, PH-01 to PH-08: whatever the two do in whatever order, the attacker stays out."""
    names = data.draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=16), label=f"part {part}")
    begin()
    _play(world, names)


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_all_short_sequences_keep_the_invariant(
    world: World, begin: Callable[[], None], beginning: str
) -> None:
    """PH-10: every sequence of a few steps from every beginning keeps the invariant."""
    begin()
    _play(world, BEGINNINGS[beginning])
    assert _play_all(world, DEPTH, *BEGINNINGS[beginning]) == len(ACTIONS) ** DEPTH


def test_a_world_is_brought_back() -> None:
    """PH-10: each of the short sequences begins where the one before it began, whatever that one did."""
    world = World()
    _play(world, ("owner_orders_as_guest", "attacker_registers", "attacker_confirms"))
    back, tables = world.saved(), world.shop.storage._tables
    known = {name: copy(value) for name, value in vars(world).items() if name != "shop"}
    for name in ACTIONS:
        _play(world, [name])
        back()
        assert {name: vars(world)[name] for name in known} == known
        assert world.shop.storage._tables is tables


def test_the_search_reaches_what_it_is_about() -> None:
    """PH-10: the sequences do open accounts for both and use links; otherwise they would prove nothing."""
    world = World()
    _play(world, ["owner_orders_as_guest", "attacker_registers_the_owner", "owner_sets_a_password"])
    assert world.proven
    _play(world, ["attacker_registers", "attacker_confirms", "attacker_links_facebook", "attacker_claims"])
    assert world.attackers_sessions
    _play(world, ["owner_asks_for_a_reset", "owner_resets", "owner_signs_in", "owner_closes"])
    assert not world.proven
