"""How well learners' code is confined here, in a letter and a sentence. Shown as proven, never as configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wenjin.kit.text import Text

LABELS = {
    "A": Text("隔离：完整", "Isolation: full"),
    "B": Text("隔离：完整（逐个清理）", "Isolation: full (cleaned between runs)"),
    "C": Text("隔离：部分，请只运行自己写的代码", "Isolation: partial; run only code that you wrote yourself"),
    "D": Text("隔离：部分（未实测）", "Isolation: partial (untested)"),
    "E": Text("隔离：仅资源限制（未实测）", "Isolation: limits on resources only (untested)"),
    "F": Text("无隔离：逐次确认后才运行", "No isolation: each run must be confirmed"),
}
REMEDIES = {
    "B": Text(
        "本机不允许嵌套的用户命名空间（Ubuntu 的 bwrap 配置即如此）。判题照常安全，只是一次一个。",
        "This machine allows no nested user namespaces (Ubuntu's profile for bwrap forbids them). Answers are still"
        " confined, one at a time.",
    ),
    "C": Text(
        "安装 bubblewrap，并允许用户命名空间（Ubuntu：sudo apt install bubblewrap；容器：加"
        " --security-opt seccomp=unconfined，或直接在主机上运行）。",
        "Install bubblewrap and allow user namespaces (Ubuntu: sudo apt install bubblewrap; in a container: add"
        " --security-opt seccomp=unconfined, or run on the host itself).",
    ),
    "E": Text("在 WSL2 中运行可得到完整隔离。", "Run it inside WSL2 for full isolation."),
    "F": Text(
        "请用普通用户在 Linux（或 WSL2）上运行，并安装 bubblewrap。",
        "Run it as an ordinary user on Linux (or WSL2) with bubblewrap installed.",
    ),
}
VITAL = ("read", "write", "tcp", "udp")  # what would harm more than this machine's own processes


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier and its proof.

    canaries  for each whether it was stopped; none: the probe did not run
    reason    why it is not a better one, in the system's words
    """

    name: str
    canaries: Mapping[str, bool] = field(default_factory=dict)
    reason: str = ""

    @property
    def label(self) -> Text:
        return LABELS[self.name]

    def as_dict(self) -> dict[str, Any]:
        remedy = REMEDIES.get(self.name)
        return {
            "tier": self.name,
            "label": self.label.as_dict(),
            "canaries": dict(self.canaries),
            "reason": self.reason,
            "remedy": remedy.as_dict() if remedy else None,
        }


def judged(best: str, canaries: Mapping[str, bool]) -> Tier:
    """The tier that these canaries prove where the means would allow `best`."""
    if not canaries or not all(canaries.get(name) for name in VITAL):
        return Tier("F", canaries)
    return Tier(best if all(canaries.values()) else max(best, "C"), canaries)
