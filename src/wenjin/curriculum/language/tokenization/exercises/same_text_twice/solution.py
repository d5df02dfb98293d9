import unicodedata

NARROW = {0xFEE0 + ord(usual): usual for usual in map(chr, range(0x21, 0x7F)) if usual.isalnum()}
UNSEEN = dict.fromkeys(map(ord, "\u200b\ufeff"))  # to nothing


def prepare(text: str, limit: int) -> str:
    """The text in the one spelling that the task asks for, in at most `limit` bytes of UTF-8."""
    text = text.translate(NARROW)  # letters and digits only: ， stays what it is
    text = unicodedata.normalize("NFC", text)  # after narrowing, so that Ｅ and its accent become one, too
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(" " if character.isspace() and character != "\n" else character for character in text)
    text = text.translate(UNSEEN)
    return text.encode()[:limit].decode(errors="ignore")  # without an incomplete last character
