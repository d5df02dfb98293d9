"""Where a text must end: stop strings across the borders of tokens, and characters that are never cut in two.

    stops = Stops((b"\n\nQ:",))
    stops.push(b"4\n")      -> b"4", False            the line break is held back: the stop string may begin there
    stops.push(b"\nQ: 5")   -> b"", True              it was; what stands before it has all been shown

The text ends with the first byte that completes a stop string, wherever tokens begin and end; of several that this
byte completes, the longest counts. Each string is followed by an automaton that knows, after each byte, how much of
the string's beginning the text now ends with: that much is held back, and nothing is read twice.

Omits    patterns; upper and lower case taken alike
Sources  doi:10.1137/0206024 (Knuth, Morris and Pratt 1977); UTF-8: RFC 3629 (3)
Proof    tests/stack/infer/test_stops.py: equals a plain search of the whole text, for any cut into tokens
"""

from collections.abc import Sequence


class Stops:
    """Follows one text. `strings` hold a byte each, at least."""

    def __init__(self, strings: Sequence[bytes] = ()) -> None:
        self.strings = tuple(strings)
        self.borders = [borders(string) for string in self.strings]
        self.reached = [0] * len(self.strings)  # bytes of each string that the text now ends with
        self.held = b""

    def push(self, piece: bytes) -> tuple[bytes, bool]:
        """Take a token's bytes. Returns what may be shown now, and whether the text is over."""
        for place, byte in enumerate(piece):
            longest = 0
            for number, string in enumerate(self.strings):
                n = self._next(number, byte)
                if n == len(string):
                    longest = max(longest, n)
            if longest:
                text = self.held + piece[: place + 1]
                self.held = b""
                return text[:-longest], True
        text = self.held + piece
        shown = len(text) - max(self.reached, default=0)
        shown -= unfinished(text[:shown])
        self.held = text[shown:]
        return text[:shown], False

    def flush(self) -> bytes:
        """What is still held back, when the text ends in another way."""
        rest, self.held = self.held, b""
        return rest

    def _next(self, number: int, byte: int) -> int:
        string, table = self.strings[number], self.borders[number]
        n = self.reached[number]
        while n and string[n] != byte:
            n = table[n - 1]
        n += string[n] == byte
        self.reached[number] = n
        return n


def borders(string: bytes) -> list[int]:
    """For each beginning of the string: how long the longest shorter beginning is that it ends with."""
    table, n = [0] * len(string), 0
    for place in range(1, len(string)):
        while n and string[n] != string[place]:
            n = table[n - 1]
        n += string[n] == string[place]
        table[place] = n
    return table


def unfinished(text: bytes) -> int:
    """Bytes at the end that begin a character of UTF-8 without finishing it: 0 to 3."""
    for back in range(1, min(3, len(text)) + 1):
        byte = text[-back]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:  # the first byte of a character says how many it has
            needs = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4 if byte < 0xF8 else 1
            return back if back < needs else 0
    return 0
