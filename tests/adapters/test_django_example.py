"""The example of a Django host runs as it is printed in the documentation."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "django_checkout.py"


def test_basket_and_order_are_there_together(tmp_path: Path) -> None:
    """RL-01: a paid order leaves a basket and an order; one whose payment fails leaves neither."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("the payment failed: 1 basket, 1 order\n", "")
