"""Each call of the services is a span; content is left out.

Those of files are in files/test_files.py.
"""

from __future__ import annotations

from xai_vision.chat import user

PROMPT = "a secret prompt"
FAST = {"interval": 0.001}


def names(spans):
    return [span.name for span in spans()]


def test_images_and_videos(driver, server, spans):
    server.videos(ready_after_polls=2)
    driver.image.sample(PROMPT, "grok-imagine-image")
    driver.video.generate(PROMPT, "grok-imagine-video", **FAST)
    listed = names(spans)
    assert listed[:2] == ["generate_image grok-imagine-image", "generate_video grok-imagine-video"]
    assert set(listed[2:]) == {"xai_api.Video/GetDeferredVideo"}
    assert len(listed[2:]) == [c.method for c in server.calls].count("GetDeferredVideo") > 1
    assert PROMPT not in str([dict(span.attributes) for span in spans()])


def test_batches_and_collections(driver, server, spans):
    batch_id = driver.batch.create("x").batch_id
    driver.batch.add(batch_id, [driver.client.chat.create("grok-4").append(user(PROMPT))])
    driver.batch.wait(batch_id, **FAST)
    collection_id = driver.collections.create("x").collection_id
    driver.collections.search(PROMPT, [collection_id])
    calls = [call.method for call in server.calls if call.method != "GetCompletion"]
    assert len(names(spans)) == len(calls)
    text = str([dict(span.attributes) for span in spans()])
    assert PROMPT not in text
    assert server.api_key not in text
    assert server.management_key not in text
