"""The bytes of a submitted file as text, decided once for every route: page, command line and API agree."""

import codecs
import re

from wenjin.kit.text import Text

COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
SIZE_CAP = 1 << 20


class Unreadable(ValueError):
    """The bytes are no text; `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def decode(source: bytes) -> str:
    """UTF-8 (with or without its mark), or the encoding that the file declares (PEP 263). Raises Unreadable."""
    if len(source) > SIZE_CAP:
        raise Unreadable(
            Text(
                f"文件有 {len(source) >> 10} KiB，超过 1024 KiB 的上限。只提交这道练习的代码。",
                f"The file has {len(source) >> 10} KiB; the limit is 1024 KiB. Submit the code of this exercise alone.",
            )
        )
    if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable(_save_as("UTF-16", 1))
    body = source.removeprefix(codecs.BOM_UTF8)
    encoding = "utf-8" if body is not source and len(body) < len(source) else _declared(body)
    try:
        text = body.decode(encoding)
    except LookupError:
        raise Unreadable(
            Text(
                f"文件声明的编码 {encoding} 不存在。删掉那行声明，以 UTF-8 编码保存。",
                f"The file declares the encoding {encoding}, which does not exist. Delete that line and save as UTF-8.",
            )
        ) from None
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise Unreadable(_save_as("GBK" if _is_gbk(body) else "?", line)) from None
    if "\0" in text:
        raise Unreadable(
            Text(
                f"第 {text[: text.index(chr(0))].count(chr(10)) + 1} 行有空字节，这不是文本。以 UTF-8 编码重新保存。",
                f"Line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a null byte, so this is no text. "
                "Save it again as UTF-8.",
            )
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _declared(body: bytes) -> str:
    for line in re.split(rb"\r\n|\r|\n", body, maxsplit=2)[:2]:
        if match := COOKIE.match(line):
            return match[1].decode("ascii", "replace")
    return "utf-8"


def _is_gbk(body: bytes) -> bool:
    try:
        body.decode("gbk")
    except UnicodeDecodeError:
        return False
    return True


def _save_as(found: str, line: int) -> Text:
    zh = f"看起来是 {found} 编码" if found != "?" else "认不出是什么编码"
    en = f"It looks like {found}" if found != "?" else "The encoding is not recognizable"
    return Text(
        f"第 {line} 行不是 UTF-8，{zh}。在编辑器里选「以 UTF-8 编码保存」再提交。",
        f"Line {line} is not UTF-8. {en}. Choose “save with encoding UTF-8” in your editor and submit again.",
    )
