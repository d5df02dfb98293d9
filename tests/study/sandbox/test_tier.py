"""The tier that is shown is the one that the canaries prove: with a guard switched off, the label drops."""

from typing import Any

import pytest

from tests.study.sandbox.support import asked, tiny
from wenjin.study.sandbox import launch
from wenjin.study.sandbox.inside.places import Guards
from wenjin.study.sandbox.pool import Unconfined
from wenjin.study.sandbox.tier import LABELS, REMEDIES, Tier, judged

NAMES = {"read", "write", "tcp", "udp", "process", "shm", "signal", "namespace"}


def off(*guards: str) -> Guards:
    return Guards(**dict.fromkeys(guards, False))


@pytest.mark.parametrize(
    ("options", "tier", "escaped"),
    [
        ({}, "A", set()),
        ({"guards": off("nested")}, "B", set()),
        ({"program": lambda: None}, "C", set()),
        ({"guards": off("seccomp")}, "C", {"process", "namespace"}),
        ({"program": lambda: None, "guards": off("landlock")}, "F", {"read", "write", "shm"}),
        ({"program": lambda: None, "guards": off("seccomp", "landlock")}, "F", NAMES),
        ({"proof": lambda _open, best: judged(best, {})}, "F", None),
        ({"platform": "an unknown system"}, "F", NAMES),
    ],
    ids=["all", "nested", "bwrap", "seccomp", "landlock-alone", "everything", "probe", "unknown"],
)
def test_a_guard_that_is_off_lowers_the_tier(options: dict[str, Any], tier: str, escaped: set[str] | None) -> None:
    with tiny(**options) as sandbox:
        proven = sandbox.tier()
        assert proven.name == tier
        if escaped is not None:
            assert {name for name, held in proven.canaries.items() if not held} == escaped
            assert set(proven.canaries) == NAMES
        if tier == "F":
            with pytest.raises(Unconfined):
                sandbox.open()
        with sandbox.open(confirmed=True) as job:
            job.send(b"result = 6 * 7")
            assert job.receive() == b"42"
            assert job.end().cause == "exit"


def test_without_bubblewrap_the_reason_is_said() -> None:
    with tiny(program=lambda: None) as sandbox:
        assert "not installed" in sandbox.tier().as_dict()["reason"]


def test_a_bubblewrap_that_may_not_work_is_done_without(tmp_path: Any) -> None:
    wrapper = tmp_path / "bwrap"
    wrapper.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    wrapper.chmod(0o755)
    tmp_path.chmod(0o755)
    with tiny(program=lambda: str(wrapper)) as sandbox:
        assert sandbox.tier().name == "C"
        assert "Permission denied" in sandbox.tier().reason
        assert asked(sandbox, "result = 1") == "1"


def test_in_the_lesser_tiers_jobs_follow_each_other_in_an_empty_box() -> None:
    leave = "import os; os.makedirs('a/b'); os.symlink('/etc', 'a/c'); open('../tmp/x', 'w').write('x'); result = 1"
    look = "import os; result = sorted(os.listdir('..')), os.listdir('.'), os.listdir('../tmp')"
    for options in ({"guards": off("nested")}, {"program": lambda: None}):
        with tiny(**options) as sandbox:
            assert asked(sandbox, leave) == "1"
            assert asked(sandbox, look) == "(['shm', 'tmp', 'work'], [], [])"
            assert asked(sandbox, "import wenjin.kit").startswith(("ModuleNotFound", "PermissionError"))
            path = launch.PACKAGE / "kit" / "text.py"
            assert asked(sandbox, f"open({str(path)!r})").startswith(("PermissionError", "FileNotFound"))


def test_the_label_follows_from_the_canaries_alone() -> None:
    held = dict.fromkeys(NAMES, True)
    assert judged("A", held).name == "A"
    assert judged("D", held).name == "D"
    for name in NAMES:
        expected = "F" if name in ("read", "write", "tcp", "udp") else "C"
        assert judged("A", {**held, name: False}).name == expected
    assert judged("E", {**held, "signal": False}).name == "E"
    assert judged("A", {}).name == "F"


def test_every_tier_says_what_it_is_in_both_languages() -> None:
    assert set(LABELS) == set("ABCDEF")
    assert LABELS["A"].zh == "隔离：完整"
    for name in "DE":
        assert "未实测" in LABELS[name].zh
        assert "untested" in LABELS[name].en
    for name in ("C", "F"):
        assert REMEDIES[name].zh
    assert Tier("A").as_dict()["tier"] == "A"
