"""What the judge says of an answer. This object, as JSON, is what scripts, the API and the pages receive."""

from dataclasses import dataclass
from typing import Any, Literal

from wenjin.kit.text import Text

Class = Literal["pass", "wrong", "error", "timeout", "memory", "blocked"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer's verdict.

    verdict   pass, wrong (it ran and broke a promise), error (it did not run), timeout, memory, or
              blocked (it asked for something the sandbox refuses)
    name      the mistake's name, or the kind of error ("syntax", "missing", "exit"); None when no name fits
    feedback  the one cause, why it is wrong and its repair: at most 600 characters in each language
    case      the smallest failing case: input, expected, got, place of the first difference
    section   the question of the lesson that answers it, as an anchor; None when there is none
    more      what is folded away: the learner's own traceback
    output    what the answer printed, capped, as plain text
    passed    promises kept, of `total`
    ms        from receipt to verdict
    tier      the sandbox tier that the start-up probe proved: A to F
    """

    verdict: Class
    feedback: Text
    name: str | None = None
    case: Text | None = None
    section: str | None = None
    more: Text | None = None
    output: str = ""
    passed: int = 0
    total: int = 0
    ms: float = 0.0
    tier: str = "F"

    def as_dict(self) -> dict[str, Any]:
        def plain(value: Any) -> Any:
            return value.as_dict() if isinstance(value, Text) else value

        return {name: plain(getattr(self, name)) for name in self.__slots__}
