"""How the poet's commands speak: in one of two languages, and of time."""

from collections.abc import Callable

Say = Callable[[str, str], str]  # the Chinese and the English of something -> the one that is spoken


def clock(seconds: float) -> str:
    """1:05, 2:00:00, and whole seconds below a minute: 32 s."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
