"""A learner's side for tests: each frame is a program, whose `result` or error is the answer."""

import os


def main(request: int, reply: int) -> None:
    while head := exactly(request, 4):
        space: dict[str, object] = {"request": request, "reply": reply}
        try:
            exec(exactly(request, int.from_bytes(head, "big")).decode(), space)
            answer = repr(space.get("result"))
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        frame = answer.encode()
        os.write(reply, len(frame).to_bytes(4, "big") + frame)


def exactly(place: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(place, size - len(data))
        if not piece:
            return b""
        data += piece
    return data
