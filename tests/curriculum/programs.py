"""What every exercise in code promises of its reference: right programs are close to it, mistakes are told apart."""

from collections.abc import Callable, Iterable
from typing import Any

from wenjin.study.judge.compare import difference
from wenjin.study.judge.prove import told
from wenjin.study.judge.reference import Reference, checked
from wenjin.study.sandbox.inside import frames, observe


def within_half_of_the_tolerances(style: Callable[..., Any], draws: Iterable[Reference]) -> None:
    """A right program, observed as the judge observes a learner's, leaves half of each tolerance unused."""
    for seed, reference in enumerate(draws):
        for n, case in enumerate(reference.cases):
            args, kwargs = (frames.revive(part, case.strided) for part in reference.inputs[n])
            seen = checked(frames.read(frames.write(observe.call(style, args, kwargs, frames.raw, case.gradient))))
            found = difference(seen, reference.observe(n), case.tolerance / 2)
            assert found is None, (seed, case.tag, found)


def every_mistake_has_its_own_name(draws: Iterable[Reference]) -> None:
    for seed, reference in enumerate(draws):
        for name in reference.exercise.mistakes:
            assert told(reference, frozenset((name,))).name == name, seed
