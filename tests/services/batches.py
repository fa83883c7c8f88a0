"""Requests of batches."""

from __future__ import annotations

import io

from PIL import Image

from xai_vision.chat import image, user

FAST = {"interval": 0.001}
ONE_SMALL_REQUEST = 80
"""Bytes of a call with a request of one letter, but not of two."""


def square(color="red", side=32):
    data = io.BytesIO()
    Image.new("RGB", (side, side), color).save(data, "PNG")
    return data.getvalue()


def chats(driver, count, prompt="what?", **settings):
    return [
        driver.client.chat.create("grok-4", batch_request_id=f"id-{i}", **settings).append(
            user(prompt, image(square()))
        )
        for i in range(count)
    ]


def adds(server):
    return [call.request for call in server.calls if call.method == "AddBatchRequests"]
