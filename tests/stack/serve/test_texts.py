"""Ids of a text and back, as the tokenizer has them; vectors that tell texts apart."""

import httpx
import pytest

from tests.stack.serve.conftest import Running

TEXTS = ["床前明月光", "a", " the moon\n\n", "👨‍👩‍👧", "<|im_end|>", ""]


def ask(server: Running, address: str, **fields: object) -> httpx.Response:
    return server.http.post(address, json=fields)


@pytest.mark.parametrize("text", TEXTS)
def test_there_and_back(server: Running, text: str) -> None:
    found = ask(server, "/v1/tokenize", prompt=text, return_token_strs=True).json()
    assert found["count"] == len(found["tokens"]) == len(found["token_strs"])
    assert ask(server, "/v1/detokenize", tokens=found["tokens"]).json() == {"prompt": text}


def test_a_conversation_as_the_model_is_given_it(server: Running) -> None:
    messages = [{"role": "user", "content": "床前"}]
    ids = ask(server, "/v1/tokenize", messages=messages).json()["tokens"]
    assert server.chat("床前", max_tokens=1).json()["usage"]["prompt_tokens"] == len(ids)
    without = ask(server, "/v1/tokenize", messages=messages, add_generation_prompt=False).json()["tokens"]
    assert ids[: len(without)] == without
    whole = server.chat("床前", max_tokens=8, temperature=0).json()["choices"][0]["message"]["content"]
    assert server.complete(ids, max_tokens=8, temperature=0).json()["choices"][0]["text"] == whole


def test_vectors_of_ids_and_of_their_text_are_one(server: Running) -> None:
    ids = ask(server, "/v1/tokenize", prompt="床前明月光").json()["tokens"]
    found = ask(server, "/v1/embeddings", model=server.model, input=[ids, ids[:2]]).json()
    text = ask(server, "/v1/embeddings", model=server.model, input="床前明月光").json()
    assert found["data"][0]["embedding"] == pytest.approx(text["data"][0]["embedding"], abs=1e-6)
    assert found["usage"] == {"prompt_tokens": len(ids) + 2, "total_tokens": len(ids) + 2}
    assert [one["index"] for one in found["data"]] == [0, 1]
