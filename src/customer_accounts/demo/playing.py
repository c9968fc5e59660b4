"""Plays the promises one after the other, and counts which were kept."""

from collections.abc import Callable, Mapping

from attrs import frozen

from customer_accounts.demo.files import Files
from customer_accounts.demo.narration import Narration
from customer_accounts.demo.promises import PROMISES
from customer_accounts.demo.scene import Check, Scene
from customer_accounts.demo.screen import Screen
from customer_accounts.demo.stage import Stage


@frozen
class Outcome:
    """What came of one promise; without a check nothing was shown, so it was not kept."""

    promise: str
    checks: tuple[Check, ...]

    @property
    def kept(self) -> bool:
        """Whether everything that was claimed was so."""
        return bool(self.checks) and all(one.kept for one in self.checks)


def play(
    stage: Stage,
    files: Files,
    narration: Narration,
    screen: Screen,
    promises: Mapping[str, Callable[[Scene], None]] = PROMISES,
) -> list[Outcome]:
    """Play promises in their order.

    Args:
        stage: the shop.
        files: where the mails are kept.
        narration: what is said.
        screen: where it is said.
        promises: which ones; all unless said.
    """
    return [_played(name, act, stage, files, narration, screen) for name, act in promises.items()]


def _played(
    name: str,
    act: Callable[[Scene], None],
    stage: Stage,
    files: Files,
    narration: Narration,
    screen: Screen,
) -> Outcome:
    # A morning lies between two promises, so that no limit of the one is felt by the next.
    stage.clock.forward(hours=8)
    screen.promise(name, narration.text(name, "promise"))
    scene = Scene(name, stage, narration, screen)
    stage.mailbox.clear()
    try:
        act(scene)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the promise is broken and the next one is played
        scene.gave_up(error)
    mails = files.save(stage.mailbox.raw, name)
    outcome = Outcome(name, tuple(scene.checks))
    verdict = "kept" if outcome.kept else "broken"
    counts = narration.word("counts", checks=len(outcome.checks), mails=mails)
    screen.line(verdict, scene.labels[verdict], counts, scene.gutter)
    screen.blank()
    return outcome
