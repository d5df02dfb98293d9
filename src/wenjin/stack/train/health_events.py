"""TensorBoard's event files -> the numbers of each step.

A file is a chain of records: length (8 bytes), its checksum (4), so many bytes of an Event, their checksum (4). An
Event is a message of protocol buffers, fields as (number << 3 | kind, value):

    Event    2 step (varint)   5 summary (message)
    Summary  1 value (message), as often as there are numbers
    Value    1 tag (text)   2 simple_value (float)   8 tensor (message)
    Tensor   1 type   4 content (bytes)   5 float values (packed)   6 double values (packed)

Omits    checksums of the events' bytes (a wrong length is found by the checksum of the length), images, histograms
Sources  tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, framework/summary.proto; the
         masked CRC-32C as in the former
Proof    tests/stack/train/test_health_logs.py: equals what tensorboardX and torch's own SummaryWriter wrote
"""

import struct
from collections.abc import Iterator
from typing import Any


def _entry(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc


TABLE = tuple(_entry(byte) for byte in range(256))


def masked_crc(data: bytes) -> int:
    """CRC-32C, turned and shifted as the format has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def is_one(data: bytes) -> bool:
    """Whether the file begins with the length of a record and its checksum."""
    return len(data) >= 12 and masked_crc(data[:8]) == struct.unpack_from("<I", data, 8)[0]


def rows(data: bytes) -> Iterator[dict[str, Any]]:
    """One row a step, tag -> number, in the order of the file. What a crash left at the end is passed over."""
    step, row = None, dict[str, Any]()
    for at, tag, value in _numbers(data):
        if at != step or tag in row:
            if row:
                yield {"step": step, **row}
            step, row = at, {}
        row[tag] = value
    if row:
        yield {"step": step, **row}


def _numbers(data: bytes) -> Iterator[tuple[int, str, float]]:
    at = 0
    while is_one(data[at : at + 12]):
        (length,) = struct.unpack_from("<Q", data, at)
        body = data[at + 12 : at + 12 + length]
        at += 16 + length
        if len(body) == length:
            yield from _of_event(body)


def _of_event(event: bytes) -> Iterator[tuple[int, str, float]]:
    step = 0
    for number, value in fields(event):
        if number == 2 and isinstance(value, int):
            step = value
        elif number == 5 and isinstance(value, bytes):
            for one, inner in fields(value):
                if one == 1 and isinstance(inner, bytes):
                    tag, found = _of_value(inner)
                    if found is not None:
                        yield step, tag, found


def _of_value(message: bytes) -> tuple[str, float | None]:
    tag, found = "", None
    for number, value in fields(message):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, bytes) and len(value) == 4:
            (found,) = struct.unpack("<f", value)
        elif number == 8 and isinstance(value, bytes):
            found = _of_tensor(value)
    return tag, found


def _of_tensor(message: bytes) -> float | None:
    """A single number; None for a tensor of more, or of another type."""
    parts = dict(fields(message))
    kind, content = parts.get(1), parts.get(4) or parts.get(5) or parts.get(6)
    form, size = ("<d", 8) if kind == 2 else ("<f", 4)
    if kind not in (1, 2) or not isinstance(content, bytes) or len(content) != size:
        return None
    value: float = struct.unpack(form, content)[0]
    return value


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message, number -> value; ends where it makes no sense."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            return
        if size > end - at:
            return
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    return value, at
