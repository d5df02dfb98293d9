"""Chat templates: what transformers makes of them; hostile ones end in a sentence, under hard limits of the system."""

import json
import os
import subprocess
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Library
from transformers import PreTrainedTokenizerFast

from tests.stack.text.templates import ALL, HOSTILE, SMOLLM2
from tests.stack.text.texts import EXAMPLES, anything, compact
from wenjin.stack.files.gguf import read
from wenjin.stack.text.chat_template import ChatTemplate, of_folder
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.tokenizer import byte_level
from wenjin.stack.text.tokenizer_json import to_json

BOS, EOS = "<|begin|>", "</s>"
CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": {"city": "长安", "n": 1}}}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {}}}}
FUNCTION = {"name": "weather", "description": "of a <city> & more", "parameters": PARAMETERS}
TOOLS = [{"type": "function", "function": FUNCTION}]
USER = {"role": "user", "content": "月下独酌 is by whom?\nTell me. "}
ANSWER = {"role": "assistant", "content": "<think>\nhm\n</think>\n\nLi Bai."}
CONVERSATIONS: dict[str, list[dict[str, Any]]] = {
    "one": [USER],
    "system": [{"role": "system", "content": " Be brief. "}, USER],
    "turns": [USER, ANSWER, {"role": "user", "content": "<b>And</b> 'then' \"?\" 🏯"}],
    "tools": [
        USER,
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "content": "21 °C", "name": "weather", "tool_call_id": "abcdefghi"},
        {"role": "assistant", "content": "It is warm."},
        USER,
    ],
    "many": [message for _ in range(4) for message in (USER, ANSWER)] + [USER],
    "wrong": [ANSWER, ANSWER],
}


@cache
def library() -> PreTrainedTokenizerFast:
    made = Library.from_str(compact(to_json(byte_level([], specials=[BOS, EOS]))))
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token=BOS, eos_token=EOS)


def theirs(source: str, messages: Any, **more: Any) -> str | None:
    """What transformers makes of it; None where it refuses."""
    try:
        made = library().apply_chat_template(messages, chat_template=source, tokenize=False, **more)
    except Exception:
        return None
    assert isinstance(made, str)
    return made


def ours(source: str, messages: Any, **more: Any) -> str | None:
    try:
        return ChatTemplate(source, BOS, EOS).render(messages, **more)
    except TextError:
        return None


@pytest.mark.parametrize("tools", [None, TOOLS], ids=["plain", "tools"])
@pytest.mark.parametrize("name", ALL)
def test_prompts_are_those_of_transformers(name: str, tools: Any) -> None:
    rendered = 0
    for messages in CONVERSATIONS.values():
        for more in ({"add_generation_prompt": True}, {"add_generation_prompt": False, "enable_thinking": False}):
            made = ours(ALL[name], messages, tools=tools, **more)
            assert made == theirs(ALL[name], messages, tools=tools, **more)
            rendered += made is not None
    assert rendered >= 6


TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "x"]), "content": anything}
)


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=EXAMPLES)
@given(messages=st.lists(TURN, min_size=1, max_size=4))
def test_any_messages_give_the_prompt_of_transformers(name: str, messages: Any) -> None:
    assert ours(ALL[name], messages) == theirs(ALL[name], messages, add_generation_prompt=True)


SNIPPETS = (
    "{{ messages|selectattr('role', 'equalto', 'nobody') and 'true' }}",  # a generator is true though it is empty
    "{% for m in messages|map(attribute='role') %}{{ loop.index }}{{ m }}{{ loop.last }}{% endfor %}",
    "{% for m in messages if m.role == 'user' %}{{ loop.length }}{{ loop.revindex }}{% else %}-{% endfor %}",
    "{% for a, b in {'x': 1, 'y': [2]}.items() %}{{ a }}{{ b }}{% endfor %}{% for x in nothing %}{{ x }}{% endfor %}",
    "{% for x in [[1, [2]], 3] recursive %}{{ loop(x) if x is iterable else x }}{{ loop.depth }}{% endfor %}",
    "{{ messages[0].content[1:5] }}|{{ messages[-1]['content'][::-1] }}|{{ 'abc'[-2:] }}",
    "{{ (1, 2) == (1, 2) }}{{ [1] < [2] < [3] }}{{ 'a' in 'abc' }}{{ 3 not in [1, 2] }}{{ 1 == 1.0 }}",
    "{{ 7 // 2 }} {{ 7 % 4 }} {{ -7 / 2 }} {{ 2 ** 10 }} {{ 'ab' * 3 }} {{ [1] * 2 }} {{ 3 * 'x' }} {{ 1 + 2 * 3 }}",
    "{{ 'a b c'.split() }} {{ ' x '.strip() }} {{ 'x,y'.split(',', 1)[1] }} {{ 'abc'.replace('b', '--') }}",
    "{{ {'b': 1, 'a': [1, none]}|tojson }} {{ {'b': 1, 'a': 'é<'}|tojson(indent=2, sort_keys=true) }}",
    "{{ [3, 1, 2]|sort|join('-') }} {{ [1, 1, 2]|unique|list }} {{ 'aXb'|lower|title }} {{ 3.14159|round(2) }}",
    "{{ messages|map(attribute='role')|unique|sort|join(', ') }} {{ messages|groupby('role')|length }}",
    "{{ {'a': 1}|items|list }} {{ 'x'|default('y') }} {{ nothing|default('y') }} {{ ''|d('y', true) }} {{ '7'|int }}",
    "  {% if true %}  \n  kept\n  {%- endif %}  \n{# gone #}\nend",
    "{{ true }} {{ none }} {{ 1.5 }} {{ [true, none, 'a'] }} {{ nothing }}|{{ messages[0].nothing }}",
    "{{ strftime_now('%Y') == strftime_now('%Y') }} {{ bos_token + eos_token }}",
    "{% set n = namespace(a=1) %}{% for i in range(3) %}{% set n.a = n.a + i %}{% endfor %}{{ n.a }}",
    "{% macro m(a, b='x') %}{{ a }}{{ b }}{{ varargs }}{% endmacro %}{{ m(1) }}{{ m(1, 2, 3) }}{{ m(a=2, b=m(1)) }}",
    "{{ ['a', 'b']|map('upper')|join }} {{ ['a', 'b']|reject('equalto', 'a')|first }} {{ [1, 2, 3]|batch(2)|list }}",
    "{{ 'abc' ~ 1 ~ none ~ [1] }} {{ '%s-%d' % ('a', 5) }} {{ 'a%sb'|format(2) }} {{ 'ab'.join(['x', 'y']) }}",
    "{{ messages.append(1) }}",
    "{{ 1 / 0 }}",
    "{{ nothing.at.all }}",
    "{{ none + 1 }}",
    "{{ messages[0]|tojson(indent=1) }}{{ nothing|tojson }}",
)


@pytest.mark.parametrize("source", SNIPPETS)
def test_what_templates_do_is_done_as_in_transformers(source: str) -> None:
    for messages in CONVERSATIONS.values():
        assert ours(source, messages) == theirs(source, messages)


def test_the_template_of_smollm2_is_rendered_as_by_transformers(smollm2: Path) -> None:
    source = read(smollm2).metadata["tokenizer.chat_template"]
    for name, messages in CONVERSATIONS.items():
        assert ours(source, messages) == theirs(source, messages, add_generation_prompt=True), name


# ---- hostile ones ----

TRIAL = """
import json, resource, sys, time
sys.path[:0] = json.loads(sys.argv[1])
from wenjin.stack.text.chat_template import ChatTemplate
from wenjin.stack.text.errors import TextError
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
for name, source in json.load(sys.stdin).items():
    began = time.process_time()
    try:
        told = [len(ChatTemplate(source).render([{"role": "user", "content": "hi"}]))]
    except TextError as error:
        told = [error.zh, error.en]
    print(json.dumps([name, time.process_time() - began, *told]), flush=True)
# not ru_maxrss, which begins with what the program that started this one held
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
PATIENCE = 200  # seconds of processor time for all of them


def test_hostile_templates_end_in_a_sentence_and_take_little_time_and_memory() -> None:
    argv = [sys.executable, "-c", TRIAL, json.dumps(sys.path), str(PATIENCE)]
    done = subprocess.run(argv, input=json.dumps(HOSTILE), capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    *lines, peak = done.stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row[0] for row in rows] == list(HOSTILE)
    for name, seconds, *told in rows:
        assert len(told) == 2, f"{name} was rendered: {told}"
        zh, en = told
        assert "模板" in zh, name
        assert en.startswith("The model's chat template "), name
        assert len(en) < 700, name
        assert en.isprintable(), name
        assert seconds < 8, name
    assert int(peak) < 1 << 20, "kilobytes"


def test_the_time_is_limited_whatever_the_steps() -> None:
    source = "{% for i in range(900) %}{% for j in range(900) %}{% endfor %}{% endfor %}"
    with pytest.raises(TextError, match="takes too long"):
        ChatTemplate(source).render([], seconds=0.001)
    assert ChatTemplate(source).render([], seconds=600) == ""


def test_a_long_conversation_is_well_within_the_limits() -> None:
    messages = [{"role": role, "content": "床前明月光，" * 400} for _ in range(300) for role in ("user", "assistant")]
    for source in ALL.values():
        assert len(ChatTemplate(source).render(messages, tools=TOOLS)) > 9 if source is ALL["macros"] else 1_400_000


def test_the_date_is_an_argument() -> None:
    template = ChatTemplate("{{ strftime_now('%d %b %Y') }}")
    assert template.render([], now=datetime(2026, 7, 4)) == "04 Jul 2026"


def test_a_template_is_given_plain_data_alone() -> None:
    with pytest.raises(TextError, match="is no plain data"):
        ChatTemplate("{{ messages }}").render([{"role": "user", "content": Path("/")}])
    with pytest.raises(TextError, match="does not take these messages: no tools here"):
        ChatTemplate("{{ raise_exception('no tools here') }}").render([])


# ---- the files of a folder ----


def laid(folder: Path, config: Any, jinja: str | None = None) -> Path:
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    if jinja is not None:
        (folder / "chat_template.jinja").write_text(jinja, encoding="utf-8")
    return folder


def test_the_template_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    assert of_folder(tmp_path) is None
    tokens = {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "pad_token": None, "unk_token": "<unk>"}
    source = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}{{ pad_token }}"
    made = of_folder(laid(tmp_path, tokens | {"chat_template": source}))
    assert made is not None
    assert made.render([USER]) == f"<s>{USER['content']}</s><unk>"
    several = [{"name": "tool_use", "template": "t"}, {"name": "default", "template": SMOLLM2}]
    made = of_folder(laid(tmp_path, tokens | {"chat_template": several}))
    assert made is not None
    assert made.source == SMOLLM2
    made = of_folder(laid(tmp_path, tokens | {"chat_template": source}, "{{ messages|length }}"))
    assert made is not None
    assert made.render([USER]) == "1"


@pytest.mark.parametrize(
    ("config", "why"),
    [(["x"], "outermost"), ({"chat_template": 3}, "is no text"), ({"chat_template": "{%"}, "is wrong at line 1")],
)
def test_a_folder_whose_files_are_no_template_is_refused(tmp_path: Path, config: Any, why: str) -> None:
    with pytest.raises(TextError, match=why):
        of_folder(laid(tmp_path, config))


def test_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer_config.json"
    for broken in (b"{", b"\xff", b"[" * 100_000):
        path.write_bytes(broken)
        with pytest.raises(TextError, match="Get it again"):
            of_folder(tmp_path)
    os.truncate(path, (16 << 20) + 1)
    with pytest.raises(TextError, match="is larger"):
        of_folder(tmp_path)
