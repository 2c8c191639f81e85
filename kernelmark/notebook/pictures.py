"""Pictures that a notebook carries along: made of pixels, so many and so large, under names that need no quoting.

JupyterLab keeps what is pasted into a cell in its attachments, by name and kind. A picture is one if its first bytes
say so; drawings, which could run scripts, are none. It draws and decodes nothing.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

# By kind, what a file's first bytes are; a dot stands for any byte.
PICTURES = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/gif": rb"GIF8[79]a",
    "image/webp": rb"RIFF....WEBP",
}
MAX_PICTURE_BYTES = 5 * 2**20
# Of a notebook; in base64, with the longest text, it still fits into what is read of a notebook.
MAX_PICTURES_BYTES = 8 * 2**20
MAX_PICTURES = 50
MAX_NAME_CHARS = 200
_HEAD_CHARS = 64

Attachments = dict[str, dict[str, str]]


def is_picture(kind: str, text: str) -> bool:
    """Return whether base64 text is a picture of the kind it is said to be."""
    try:
        begin = "".join(text[:_HEAD_CHARS].split())
        head = base64.b64decode(begin[: len(begin) // 4 * 4], validate=True)
        return re.match(PICTURES[kind], head, re.DOTALL) is not None and _BASE64.fullmatch(text) is not None
    except (ValueError, KeyError):
        return False


@dataclass
class Album:
    """The pictures of one notebook, as many as are kept; `left_out` says of the others why."""

    left_out: list[str] = field(default_factory=list)
    _count: int = 0
    _size_bytes: int = 0

    def take(self, attachments: Any) -> Attachments:
        """Return what is kept of a cell's attachments, which may be anything."""
        kept: Attachments = {}
        for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
            told = kinds if isinstance(kinds, dict) else {}
            found = next((kind for kind in PICTURES if is_picture(kind, _text(told.get(kind)))), None)
            text = "".join(_text(told.get(found)).split()) if found else ""
            why = self._objection(name, text)
            if why:
                self.left_out.append(f"{str(name)[:80]!r} ({why})")
            elif found:
                kept[name] = {found: text}
                self._count += 1
                self._size_bytes += _size(text)
        return kept

    def _objection(self, name: str, text: str) -> str:
        if not text:
            return "no PNG, JPEG, GIF or WebP"
        if len(name) > MAX_NAME_CHARS or not name.isprintable():
            return "its name"
        if _size(text) > MAX_PICTURE_BYTES:
            return f"larger than {MAX_PICTURE_BYTES} bytes"
        if self._size_bytes + _size(text) > MAX_PICTURES_BYTES:
            return f"only {MAX_PICTURES_BYTES} bytes of pictures are kept"
        return f"only {MAX_PICTURES} pictures are kept" if self._count >= MAX_PICTURES else ""


def address(name: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    """Return the picture of an attachment as an address that holds it; "" where there is none of this name."""
    kinds = attachments.get(name) or attachments.get(unquote(name)) or {}
    return next((f"data:{kind};base64,{text}" for kind, text in kinds.items() if is_picture(kind, text)), "")


def shown(attachments: Mapping[str, Any]) -> str:
    """Return Markdown that shows all attachments of a cell, one below the other."""
    return "\n\n".join(f"![picture](attachment:{quote(name, safe='')})" for name in attachments)


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _size(text: str) -> int:
    return len(text) * 3 // 4


# Possessive: it does not go back over megabytes of blanks.
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*+={0,2}\s*+")
