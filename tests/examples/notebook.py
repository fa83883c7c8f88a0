"""The notebook of examples/: its cells, run without Jupyter, and the same as Markdown."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAME = "notebook.ipynb"


def cells(folder: Path) -> list[dict[str, Any]]:
    """Return the cells of the notebook in the directory of the examples."""
    content = json.loads((folder / NAME).read_text("utf-8"))
    found: list[dict[str, Any]] = content["cells"]
    return found


def run(folder: Path) -> list[list[dict[str, Any]]]:
    """Run the cells of code in order; return the outputs of each, as Jupyter would save them."""
    names: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    for cell in cells(folder):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), _working_directory(folder):
            exec(compile(tree, NAME, "exec"), names)
            value = last and eval(compile(ast.Expression(last.value), NAME, "eval"), names)
        outputs.append(_outputs(printed.getvalue(), value))
    return outputs


@contextlib.contextmanager
def _working_directory(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _outputs(printed: str, value: object) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    if printed:
        text = printed.splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": text})
    if value is not None:
        data: dict[str, Any] = {"text/plain": [repr(value)]}
        for method, kind in (("_repr_markdown_", "text/markdown"), ("_repr_html_", "text/html")):
            shown = getattr(value, method, lambda: None)()
            if shown is not None:
                data[kind] = shown.splitlines(keepends=True)
        outputs.append({"data": data, "metadata": {}, "output_type": "display_data"})
    return outputs


def write(folder: Path) -> None:
    """Run the notebook, and write its outputs into it and into the page's Markdown."""
    content = json.loads((folder / NAME).read_text("utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    for number, (cell, outputs) in enumerate(zip(code, run(folder), strict=True), 1):
        cell["outputs"], cell["execution_count"] = outputs, number
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (folder / NAME).write_text(f"{text}\n", "utf-8")
    (folder / "output" / "notebook.md").write_text(as_markdown(folder), "utf-8")


def as_markdown(folder: Path) -> str:
    """Return the notebook as Markdown."""
    parts = []
    for cell in cells(folder):
        source = "".join(cell["source"]).strip()
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            text = "".join(output.get("text") or data.get("text/markdown") or data["text/plain"])
            parts.append(f'```text title="Output"\n{text.rstrip()}\n```')
    return "\n\n".join(parts) + "\n"
