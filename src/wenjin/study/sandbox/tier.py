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
VITAL = ("read", "write", "tcp", "udp")  # what would harm more than this machine's own processes


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier and its proof: for each canary whether it was stopped. No canaries: the probe did not run."""

    name: str
    canaries: Mapping[str, bool] = field(default_factory=dict)

    @property
    def label(self) -> Text:
        return LABELS[self.name]

    def as_dict(self) -> dict[str, Any]:
        return {"tier": self.name, "label": self.label.as_dict(), "canaries": dict(self.canaries)}


def judged(best: str, canaries: Mapping[str, bool]) -> Tier:
    """The tier that these canaries prove where the means would allow `best`."""
    if not canaries or not all(canaries.get(name) for name in VITAL):
        return Tier("F", canaries)
    return Tier(best if all(canaries.values()) else max(best, "C"), canaries)
