"""Counts, and examples that do not depend on the order."""

import json
import random

from wenjin.stack.data.tally import Tally


def test_examples_are_the_same_in_any_order_and_survive_a_file() -> None:
    said = [f"text {n % 70}" for n in range(100)]
    shuffled = random.Random(1).sample(said, 100)
    one, other = Tally(), Tally()
    for a, b in zip(said, shuffled, strict=True):
        one.add("lacuna", a)
        other.add("lacuna", b)
    assert one.counts == other.counts == {"lacuna": 100}
    assert one.examples("lacuna") == other.examples("lacuna")
    assert len(set(one.examples("lacuna"))) == one.most
    again = Tally.restored(json.loads(json.dumps(one.state())))
    assert (again.counts, again.examples("lacuna")) == (one.counts, one.examples("lacuna"))
    again.add("lacuna", "text 1")
    assert again.counts["lacuna"] == 101
    assert again.examples("none") == []
