"""What a model server says of a text is read as if a stranger had written it, and every failure is a sentence."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from wenjin.kit.text import Text
from wenjin.study.chat.inspection import inspect, read
from wenjin.study.chat.server import ServerError

ONE = {"id": 7, "token": "月", "score": 1.5, "chance": 0.5, "odds": 0.75}
TOLD: dict[str, Any] = {
    "tokens": [{"id": 1, "token": "明", "chance": None}, {"id": 7, "token": "月", "chance": 0.25}],
    "heads": [[{"first": 0.5, "previous": 0.5, "own": 0.5, "entropy": 0.6}]],
    "layer": 0,
    "head": 0,
    "weights": [[1.0, 0.0], [0.5, 0.5]],
    "next": {"likeliest": [ONE], "entropy": 1.0, "kept": 3},
    "whole": None,
    "divergence": None,
    "drawn": {"id": 7, "token": "月", "number": 0.3},
    "ends": False,
}


class Server:
    """A line that answers as it is told to."""

    def __init__(self, status: int, told: Any, error: Exception | None = None) -> None:
        self.status, self.told, self.error, self.model = status, told, error, "served"
        self.asked: Any = None

    @contextmanager
    def use(self, model: str, wait: Any) -> Iterator["Server"]:
        yield self

    def ask(self, path: str, body: Any, timeout: float) -> tuple[int, Any]:
        self.asked = path, body
        if self.error:
            raise self.error
        return self.status, self.told


def test_it_is_asked_by_the_name_that_the_server_knows() -> None:
    server = Server(200, TOLD)
    found = inspect(server, "shelf", {"prompt": "明月"})  # type: ignore[arg-type]
    assert server.asked == ("/v1/inspect", {"prompt": "明月", "model": "served"})
    assert found == read(TOLD)
    assert found.drawn == (7, "月", 0.3)
    assert found.tokens[0] == (1, "明", None)


SPOILED: list[tuple[list[Any], Any]] = [
    (["tokens"], None), (["tokens", 0], 3), (["heads"], [[1]]), (["weights"], [[1.0]]), (["weights", 0], "ab"),
    (["next", "likeliest", 0, "score"], "x"), (["next"], []), (["drawn"], None), (["whole"], 1), (["layer"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("place", "value"), SPOILED)
def test_a_strange_answer_is_a_sentence(place: list[Any], value: Any) -> None:
    told = copy.deepcopy(TOLD)
    inside: Any = told
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    for answer in (told, None, [], "x"):
        with pytest.raises(ServerError) as refused:
            inspect(Server(200, answer), "m", {})  # type: ignore[arg-type]
        assert isinstance(refused.value.text, Text)
        assert "cannot be read" in refused.value.text.en


def test_a_refusal_and_a_lost_line_are_sentences() -> None:
    with pytest.raises(ServerError, match="refused: too long"):
        inspect(Server(400, {"error": {"message": "too long"}}), "m", {})  # type: ignore[arg-type]
    with pytest.raises(ServerError, match="The model m is not ready yet"):
        inspect(Server(0, None, ConnectionResetError()), "m", {})  # type: ignore[arg-type]
