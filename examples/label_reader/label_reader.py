"""A program on the openai package that reads labels with xAI's REST API, with tests beside it.

python examples/label_reader/label_reader.py label.jpg
"""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openai import OpenAI
from pydantic import BaseModel

MODEL = "grok-4"


class Label(BaseModel):
    """What is on a label."""

    product: str
    grams: int


class LabelReader:
    """Reads photos of labels.

    Args:
        client: The client; its base URL is that of xAI.
    """

    def __init__(self, client: OpenAI) -> None:
        self._client = client

    def read(self, photo: bytes) -> Label:
        """Return the content of a label."""
        response = self._client.responses.parse(
            model=MODEL, input=question("Read this label.", photo), text_format=Label, store=False
        )
        if response.output_parsed is None:
            raise ValueError(f"not a label: {response.output_text}")
        return response.output_parsed

    def describe(self, photo: bytes) -> Iterator[str]:
        """Yield a description, piece by piece."""
        stream = self._client.responses.create(
            model=MODEL, input=question("Describe this label.", photo), stream=True, store=False
        )
        for event in stream:
            if event.type == "response.output_text.delta":
                yield event.delta

    def translate(self, photo: bytes, language: str) -> str:
        """Return the text of a label in another language, by Chat Completions."""
        text = {"type": "text", "text": f"Translate this label into {language}."}
        content: Any = [text, {"type": "image_url", "image_url": {"url": data_url(photo)}}]
        completion = self._client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": content}]
        )
        return completion.choices[0].message.content or ""


def question(text: str, photo: bytes) -> Any:
    """Return the input of a request with a photo."""
    parts = [{"type": "input_text", "text": text}]
    parts += [{"type": "input_image", "image_url": data_url(photo), "detail": "high"}]
    return [{"role": "user", "content": parts}]


def data_url(data: bytes) -> str:
    """Return an image as a data URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


if __name__ == "__main__":
    xai = OpenAI(api_key=os.environ["XAI_API_KEY"], base_url="https://api.x.ai/v1")
    print(LabelReader(xai).read(Path(sys.argv[1]).read_bytes()))
