"""What a lab keeps, for tests that run one in their own process."""


class Kept(dict[str, bytes]):
    """A Keep in memory."""

    def load(self, name: str) -> bytes | None:
        return self.get(name)

    def save(self, name: str, data: bytes) -> None:
        self[name] = data
