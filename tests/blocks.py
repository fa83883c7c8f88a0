"""Extract code blocks from documents and run them against a fake server."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from examples import images
from xai_vision.testing import FakeServer

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    line: int

    @property
    def is_program(self) -> bool:
        """Whether the block is a program, not only an expression."""
        try:
            body = ast.parse(self.code).body
        except SyntaxError:
            return False
        return any(not isinstance(node, ast.Expr) for node in body)


def blocks(path: Path, language: str = "python") -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            match[1],
            indented(match[2]) if language == "python" else match[2],
            text.count("\n", 0, match.start()) + 2,
        )
        for match in _BLOCK.finditer(text)
        if match[1] == language
    ]


def indented(code: str) -> str:
    """Restore the indentation of the seed document.

    Its blocks are flush left, so the line under ``with ...:`` does not compile.
    """
    for _ in range(code.count("\n")):
        try:
            ast.parse(code)
        except IndentationError as error:
            at = (error.lineno or 1) - 1
            lines = code.split("\n")
            lines[at] = "    " + lines[at]
            code = "\n".join(lines)
        except SyntaxError:  # a fragment, such as a single dict entry
            break
        else:
            break
    return code


def pointed_at(code: str, host: str) -> str:
    """Return the program with only the imports and the host changed."""
    code = code.replace("from xai_sdk", "from xai_vision").replace(
        "import xai_sdk", "import xai_vision"
    )
    code = re.sub(r"\b(Async)?Client\(\s*\)", rf"\1Client(api_host={host!r})", code)
    return re.sub(r"\b((?:Async)?Client)\((?=[^)])(?!api_host)", rf"\1(api_host={host!r}, ", code)


def fill_urls(server: FakeServer, urls: tuple[str, ...]) -> None:
    for url in urls:
        server.urls[url] = images.jpeg() if url.endswith("jpg") else images.png()


def execute(code: str, name: str, namespace: dict[str, object]) -> None:
    exec(compile(code, name, "exec", dont_inherit=True), namespace)
