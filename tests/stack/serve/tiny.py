"""A model so small that a thousand answers take seconds, yet one that says something: greedily, verse and faces.

Each token has one that follows it far likelier than all others. Those that follow one another spell VERSE for ever,
in tokens that cut most characters into two or three parts; attention and the rest have small random weights, so that
all that was read before counts a little. The two marks in front of a tool's turn lead to a call.
"""

import json
from pathlib import Path

import torch

from wenjin.stack.models.llama import Llama
from wenjin.stack.models.weights import save_pretrained
from wenjin.stack.text.alphabet import visible
from wenjin.stack.text.tokenizer import Added, Settings, Tokenizer
from wenjin.stack.text.tokenizer_json import write

VERSE = "床前明月光🌕疑是地上霜❄️举头望明月👀低头思故乡🏡春眠不觉晓🌸处处闻啼鸟🐦夜来风雨声👨‍👩‍👧花落知多少"
CALL = ["<tool_call>", '\n{"name": "weather", "arguments": {"city": "北京🏙"}}\n', "</tool_call>"]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|tools|>"]
CONTEXT = 1024
TEMPLATE = (
    "{%- if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}<|im_end|>\n"
    "{% endif -%}"
    "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "{%- for call in message.tool_calls or [] %}<tool_call>\n{{ call.function | tojson }}\n</tool_call>{% endfor -%}"
    "<|im_end|>\n{% endfor -%}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n{% if tools %}<|tools|>{% endif %}{% endif -%}"
)


def parts(verse: str) -> list[bytes]:
    """The verse in pieces of bytes, no two of them alike, that pay no heed to where characters end."""
    data, cut, pieces = verse.encode(), 0, list[bytes]()
    while cut < len(data):
        size = next(n for n in range(2, 12) if data[cut : cut + n] not in pieces or cut + n >= len(data))
        pieces.append(data[cut : cut + size])
        cut += size
    return pieces


def tokenizer(pieces: list[bytes]) -> tuple[Tokenizer, dict[bytes, int]]:
    """Bytes, and what the verse is made of: each piece grows byte by byte."""
    tokens = [bytes([byte]) for byte in range(256)]
    merges: list[tuple[bytes, bytes]] = []
    for piece in [*pieces, b"the", b" the", b"ing", b" and", "月".encode(), "你好".encode()]:
        for end in range(2, len(piece) + 1):
            if piece[:end] not in tokens:
                tokens.append(piece[:end])
                merges.append((piece[: end - 1], piece[end - 1 : end]))
    numbers = {token: number + len(SPECIALS) for number, token in enumerate(tokens)}
    vocabulary = {word: number for number, word in enumerate(SPECIALS)}
    vocabulary |= {visible(token): number for token, number in numbers.items()}
    added = [Added(number, word) for number, word in enumerate(SPECIALS)]
    first = len(vocabulary)
    added += [Added(first + number, word, special=False) for number, word in enumerate(CALL)]
    plain = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    made = Tokenizer(
        vocabulary,
        [(visible(left), visible(right)) for left, right in merges],
        added,
        Settings(pre_tokenizer=plain, decoder=plain),
    )
    return made, numbers


def make(folder: Path) -> Path:
    """The model as a published folder."""
    folder.mkdir(parents=True)
    pieces = parts(VERSE)
    words, numbers = tokenizer(pieces)
    torch.manual_seed(5)
    model = Llama(
        vocab=words.size, dim=384, layers=2, heads=4, kv_heads=2, hidden=128, context=CONTEXT, tied=False, std=0.01
    )
    chain = [numbers[piece] for piece in pieces]
    follows = {id: chain[id % len(chain)] for id in range(words.size)}
    follows |= dict(zip(chain, [*chain[1:], chain[0]], strict=True))
    follows[numbers[b"\n"]] = chain[0]  # a turn begins the verse anew
    call = list(range(words.size - len(CALL), words.size))
    follows |= {SPECIALS.index("<|tools|>"): call[0], call[0]: call[1], call[1]: call[2], call[2]: 2}
    with torch.no_grad():
        weights = dict(model.named_parameters())
        embed = next(value for name, value in weights.items() if "embed" in name)  # (V, D)
        embed.copy_(torch.linalg.qr(torch.randn(embed.shape[::-1])).Q.T)  # each token apart from all others
        for before, after in follows.items():
            model.head[after] += 0.5 * embed[before]  # a state is sqrt(D) long: about 10 for the one that follows
    save_pretrained(model, folder)
    write(words, folder / "tokenizer.json")
    said = {
        "chat_template": TEMPLATE,
        "eos_token": "<|im_end|>",
        "bos_token": None,
        "model_max_length": CONTEXT,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 2]}), encoding="utf-8")
    return folder
