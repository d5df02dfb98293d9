"""From messages to the text that a chat model was trained to go on: by the template that is published with it.

    template = ChatTemplate(source, bos="<s>", eos="</s>")
    template.render([{"role": "user", "content": "Hi"}])       "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"

A template is a program in a file of others. It runs in a sandbox with limits (template.py), and what goes wrong in it
is a sentence. What a message says stays data; but its text stands between the marks of the template, so that whoever
turns the result into ids decides which marks count: those of the template, not those that a user wrote.

Sources  what a template is given: the documentation of transformers 5.23, "Writing a chat template"; its files:
         tokenizer_config.json (chat_template, bos_token, …) and chat_template.jinja; tokenizer.chat_template of a GGUF
Proof    tests/stack/text/test_chat_template.py: equal to apply_chat_template for templates in the manner of SmolLM2,
         Qwen, Llama 3, Mistral, with and without tools; hostile ones end in a sentence within the limits
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError

from wenjin.stack.text.budget import SECONDS, SOURCE, Exhausted
from wenjin.stack.text.errors import TextError
from wenjin.stack.text.template import Limited

LARGEST = 16 << 20  # bytes of a tokenizer_config.json
WRONG = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


class ChatTemplate:
    """`bos`, `eos`, `more`: the tokens that the template may name, as text (`more`: pad_token, …)."""

    def __init__(self, source: str, bos: str = "", eos: str = "", more: Mapping[str, str] | None = None) -> None:
        """Raises TextError for what is no template."""
        self.source = source
        self.tokens = {**(more or {}), "bos_token": bos, "eos_token": eos}
        if len(source) > SOURCE:
            raise unusable(f"长过 {SOURCE} 个字符", f"is longer than {SOURCE} characters")
        self.environment = Limited()
        try:
            self.compiled = self.environment.from_string(source)
        except TemplateSyntaxError as error:
            raise unusable(
                f"第 {error.lineno} 行写错了（{short(error)}）", f"is wrong at line {error.lineno} ({short(error)})"
            ) from None
        except (*WRONG, TemplateError, SyntaxError) as error:
            raise unusable(f"不能用（{short(error)}）", f"cannot be used ({short(error)})") from None

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None = None,
        add_generation_prompt: bool = True,
        *,
        now: datetime | None = None,
        seconds: float = SECONDS,
        **more: Any,
    ) -> str:
        """The prompt. `more`: what some templates ask for, such as enable_thinking. `now`: for templates with a date.

        Raises TextError where the template refuses the messages, fails, or takes more than it may.
        """
        given = {"messages": messages, "tools": tools, "documents": None} | more
        given |= {"add_generation_prompt": add_generation_prompt} | self.tokens
        try:
            given = {name: data(value) for name, value in given.items()}
            return self.environment.finished(self.compiled, given, now=now or datetime.now(), seconds=seconds)
        except Exhausted as error:
            raise unusable(f"要得太多：{error.zh}", f"asks for too much: {error.en}") from None
        except SecurityError as error:
            raise unusable(f"要做不许做的事（{short(error)}）", f"does what it may not do ({short(error)})") from None
        except TemplateError as error:
            raise TextError(
                f"模型的对话模板不接受这些消息：{short(error)}",
                f"The model's chat template does not take these messages: {short(error)}",
            ) from None
        except WRONG as error:
            raise unusable(
                f"对这些消息出了错（{short(error)}）", f"went wrong with these messages ({short(error)})"
            ) from None


def unusable(zh: str, en: str) -> TextError:
    return TextError(
        f"模型的对话模板{zh}。换一个模板，或改用 completions。",
        f"The model's chat template {en}. Take another template, or use completions instead.",
    )


def short(error: BaseException) -> str:
    """What went wrong, on one line, with nothing in it that could move a cursor."""
    told = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())
    return told[:300] or type(error).__name__


def data(value: Any) -> Any:
    """A copy of plain data. Raises TypeError for anything else, so that a template meets no object of ours."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): data(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [data(inner) for inner in value]
    raise TypeError(f"a {type(value).__name__} is no plain data")


def of_folder(folder: Path) -> ChatTemplate | None:
    """The template of a published folder; None where it has none. Raises TextError."""
    config = read_json(folder / "tokenizer_config.json")
    source = config.get("chat_template")
    if isinstance(source, list):  # several, by name
        named = {one.get("name"): one.get("template") for one in source if isinstance(one, dict)}
        source = named.get("default")
    if (file := folder / "chat_template.jinja").is_file():
        source = read_text(file, 4 * SOURCE)
    if source is None:
        return None
    if not isinstance(source, str):
        raise TextError(
            f"{folder} 里的 chat_template 不是文本。", f"The chat_template in {folder} is no text. Get the file again."
        )
    tokens = {name: said(config[name]) for name in config if name.endswith("_token") and said(config[name])}
    return ChatTemplate(source, tokens.pop("bos_token", ""), tokens.pop("eos_token", ""), tokens)


def said(token: Any) -> str:
    """A token as tokenizer_config.json names it: its text, or an object that has it."""
    content = token.get("content") if isinstance(token, dict) else token
    return content if isinstance(content, str) else ""


def read_json(path: Path) -> dict[str, Any]:
    """What stands in a file; nothing where there is none. Raises TextError."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(read_text(path, LARGEST))
    except (ValueError, RecursionError) as error:
        raise TextError(f"{path} 不是 JSON（{error}）。", f"{path} is no JSON ({error}). Get it again.") from None
    if not isinstance(found, dict):
        raise TextError(f"{path} 的最外层应为 {{ }}。", f"The outermost of {path} must be {{ }}. Get it again.")
    return found


def read_text(path: Path, most: int) -> str:
    try:
        if path.stat().st_size > most:
            raise TextError(f"{path} 超过 {most} 字节。", f"{path} is larger than {most} bytes. Get it again.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"{path} 读不了（{error}）。", f"{path} cannot be read ({error}). Get it again.") from None
