"""Encrypted content is decoded, unless it is from another service or damaged."""

from __future__ import annotations

from xai_vision.testing._service.response import encrypted_content


def test_content_that_cannot_be_decoded_is_empty():
    encoded = encrypted_content.encode({"a": 1})
    assert encrypted_content.decode(encoded) == {"a": 1}
    assert encrypted_content.decode("fake-???") == encrypted_content.decode("other") == {}
    assert encrypted_content.decode("fake-" + encrypted_content.encode({})[5:-4]) == {}
