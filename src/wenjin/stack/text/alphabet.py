"""The 256 bytes as characters that can be seen: how a byte-level tokenizer writes its tokens in a text file.

    visible("月".encode())     'æľĪ'          a space becomes Ġ, a line's end Ċ

A printable byte stands for itself; the others are lifted to the code points 256, 257, … in their order.

Source   `bytes_to_unicode` of GPT-2's published encoder (Radford et al. 2019, 2.2)
Proof    tests/stack/text/test_alphabet.py: the alphabet of `tokenizers`; there and back for all bytes
"""

from collections.abc import Iterable

PRINTABLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
ORDER = bytes((*PRINTABLE, *(b for b in range(256) if b not in PRINTABLE)))  # by code point of what is shown
SHOWN = {byte: chr(byte) if place < len(PRINTABLE) else chr(256 + place - 188) for place, byte in enumerate(ORDER)}
HIDDEN = {character: byte for byte, character in SHOWN.items()}


def visible(data: bytes) -> str:
    """One character a byte."""
    return "".join(map(SHOWN.__getitem__, data))


def invisible(shown: Iterable[str]) -> bytes:
    """The bytes again. Raises KeyError for a character that is none of the 256."""
    return bytes(map(HIDDEN.__getitem__, shown))
