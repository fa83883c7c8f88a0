"""The result of the image generation tool: an image of one color."""

from __future__ import annotations

import base64
import io
import json
import uuid

from xai_vision.testing._service.response import tokens


def image_generation_result(prompt: str) -> str:
    """Return the tool's result as JSON text. The color of its image depends on the prompt.

    Experiments with the official SDK showed the form that it accepts: a type, an id, and the
    image as a data URL.
    """
    # Imported on use: few requests have the image generation tool.
    from PIL import Image

    number = tokens.token_id(prompt)
    png = io.BytesIO()
    color = (number & 255, number >> 4 & 255, number >> 9 & 255)
    Image.new("RGB", (64, 64), color).save(png, "PNG")
    return json.dumps(
        {
            "__type": "image_generation_result",
            "image_uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, prompt)),
            "result": f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}",
        }
    )
