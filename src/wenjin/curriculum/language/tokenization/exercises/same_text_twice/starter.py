def prepare(text: str, limit: int) -> str:
    """The text in the one spelling that the task asks for, in at most `limit` bytes of UTF-8."""
    return text
