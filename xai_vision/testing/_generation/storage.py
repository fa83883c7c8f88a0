"""Store a generated image or video as a file of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xai_vision.testing._errors import ServiceError
from xai_vision.testing._files.methods import check_expiry, check_name

if TYPE_CHECKING:
    from xai_vision.proto import image_pb2
    from xai_vision.testing._service.engine import Engine


def store_result(
    engine: Engine, result: Any, options: image_pb2.StorageOptions, data: bytes, error: str
) -> None:
    """Fill in ``file_output`` or ``storage_error`` of a result.

    Errors do not end the call, as in the service.

    Args:
        engine: The engine.
        result: The GeneratedImage or GeneratedVideo.
        options: The storage options of the request.
        data: The content.
        error: Why the result is not stored; empty if it is.
    """
    if error:
        result.storage_error = error
        return
    try:
        expires = options.expires_after if options.HasField("expires_after") else None
        check_name(options.filename, engine.settings)
        check_expiry(expires, engine.settings)
        entry = engine.files.add(options.filename, data, expires)
    except ServiceError as failed:
        result.storage_error = failed.details
        return
    output = result.file_output
    output.file_id, output.filename = entry.file_id, entry.name
    if entry.expires is not None:
        output.expires_at.FromNanoseconds(int(entry.expires * 1e9))
    if not options.HasField("public_url"):
        return
    public = options.public_url
    try:
        lifetime = public.expires_after if public.HasField("expires_after") else None
        check_expiry(lifetime, engine.settings)
        engine.files.publish(entry.file_id, lifetime)
    except ServiceError as failed:
        output.public_url_error = failed.details
        return
    output.public_url = entry.public_url
    if entry.public_url_expires is not None:
        output.public_url_expires_at.FromNanoseconds(int(entry.public_url_expires * 1e9))
