"""The clock of a sitting against simulated learners, who open, close and lose their paper at any moment."""

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from wenjin.study.progress.stopwatch import BEAT, Stopwatch


@dataclass
class Time:
    now: float = 1000.0

    def read(self) -> float:
        return self.now


def test_it_runs_while_held_and_counts_several_holders_once() -> None:
    time = Time()
    watch = Stopwatch(time.read, 600.0)
    time.now += 5
    assert watch.spent == 0.0
    watch.hold()
    time.now += 10
    watch.hold()
    time.now += 10
    watch.release()
    time.now += 10
    assert watch.spent == 30.0
    watch.release()
    time.now += 1000
    assert (watch.spent, watch.left, watch.over) == (30.0, 570.0, False)
    watch.release()  # once too often
    watch.hold()
    time.now += 1000
    assert (watch.spent, watch.left, watch.over) == (600.0, 0.0, True)


def test_what_another_process_counted_holds_where_it_is_further() -> None:
    time = Time()
    watch = Stopwatch(time.read, 600.0, 100.0)
    watch.hold()
    time.now += 10
    watch.known(50.0)
    assert watch.spent == 110.0
    watch.known(200.0)
    time.now += 10
    assert watch.spent == 210.0


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_a_crash_neither_takes_a_second_nor_gives_one(seed: int) -> None:
    """The kept beat is all that a successor knows. Crashes, closed windows and gaps of any length in between."""
    dice = Random(seed)
    time = Time(dice.uniform(0, 1e6))
    kept, truth, crashes = 0.0, 0.0, 0
    for _ in range(dice.randrange(1, 12)):
        watch = Stopwatch(time.read, 1e9, kept)  # a new process
        for _ in range(dice.randrange(1, 4)):  # windows of it, one after another
            watch.hold()
            open_for = dice.choice([dice.uniform(0, 2), dice.uniform(0, 300)])
            for _ in range(int(open_for / BEAT) + 1):  # a beat is kept when it comes; the rest comes after the last
                kept = max(kept, watch.spent)
                time.now += BEAT
                truth += BEAT
            time.now -= BEAT - open_for % BEAT
            truth -= BEAT - open_for % BEAT
            if dice.random() < 0.5:
                crashes += 1
                break  # killed: nothing is released, nothing more is kept
            watch.release()
            kept = watch.spent
            time.now += dice.uniform(0, 100)
        time.now += dice.uniform(0, 5000)
    assert kept <= truth + 1e-6, "no second is taken from the learner"
    assert kept >= truth - crashes * BEAT - 1e-6, "and none is given: less than a beat each time"
    assert BEAT < 0.5
