"""An interval as it stands on a button: one number and its unit."""

from datetime import timedelta

from wenjin.kit.text import Text

UNITS = {  # minutes in one, and its names
    "minute": (1.0, "分钟", "min", "min"),
    "hour": (60.0, "小时", "hour", "hours"),
    "day": (1440.0, "天", "day", "days"),
    "month": (43830.0, "个月", "month", "months"),
    "year": (525960.0, "年", "year", "years"),
}


def spoken(interval: timedelta) -> Text:
    """1 min to 59 min, hours, days up to two months, months and years (with a decimal below ten)."""
    minutes = max(1.0, interval.total_seconds() / 60)
    days = minutes / 1440
    unit = (
        "minute"
        if minutes < 59.5
        else "hour"
        if days < 0.98
        else "day"
        if days < 60
        else "month"
        if days < 365
        else "year"
    )
    size, zh, one, many = UNITS[unit]
    number = minutes / size
    told = f"{number:.1f}".removesuffix(".0") if unit in ("month", "year") and number < 9.95 else f"{number:.0f}"
    return Text(f"{told} {zh}", f"{told} {one if told == '1' else many}")
