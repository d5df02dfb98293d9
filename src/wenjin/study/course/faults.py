"""What is wrong with a course, said so that its author can mend it."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from wenjin.kit.text import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `where` it stands (a file and a place in it), `what` is wrong, and the `remedy`."""

    where: str
    what: Text
    remedy: Text

    def as_dict(self) -> dict[str, object]:
        return {"where": self.where, "what": self.what.as_dict(), "remedy": self.remedy.as_dict()}


class CourseError(Exception):
    """The course cannot be loaded. `faults` holds everything that is wrong, not only the first."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{fault.where}: {fault.what.en} {fault.remedy.en}" for fault in faults))


@dataclass(slots=True)
class Faults:
    """Where faults are gathered while a course is read. `root` is left off the places that are named."""

    root: Path
    found: list[Fault] = field(default_factory=list)

    def add(self, where: str | Path, what: Text, remedy: Text) -> None:
        self.found.append(Fault(self.place(where), what, remedy))

    def place(self, where: str | Path) -> str:
        if isinstance(where, Path):
            return where.relative_to(self.root).as_posix() if where.is_relative_to(self.root) else where.as_posix()
        return where


def nearest(word: str, known: "list[str] | tuple[str, ...]") -> Text:
    """The remedy for a name that nobody knows: the one that was probably meant, or where to look."""
    close = get_close_matches(word, known, n=1, cutoff=0.75)
    if close:
        return Text(f"是不是想写 {close[0]}？", f"Did you mean {close[0]}?")
    few = list(known)[:12]
    more = " …" if len(known) > len(few) else ""
    return Text(f"可用的有：{'、'.join(few)}{more}。", f"Known are: {', '.join(few)}{more}.")
