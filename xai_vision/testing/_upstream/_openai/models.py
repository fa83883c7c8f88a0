"""The models of a server with OpenAI's API."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from xai_vision.proto import models_pb2
from xai_vision.testing._errors import not_found

if TYPE_CHECKING:
    from xai_vision.testing._upstream._openai.http_call import HttpCall


def list_models(http: HttpCall) -> list[models_pb2.LanguageModel]:
    """Return the models.

    Raises:
        ServiceError: The server cannot be reached, or refuses the request.
    """
    value = http.json("GET", "/models")
    data = value.get("data") if isinstance(value, dict) else None
    entries = data if isinstance(data, list) else []
    names = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [_to_proto(name) for name in names if isinstance(name, str)]


def find_model(http: HttpCall, name: str, server: str) -> models_pb2.LanguageModel:
    """Return a model by one of its names.

    Args:
        http: Makes the requests.
        name: The name.
        server: The name of the server in errors.

    Raises:
        ServiceError: NOT_FOUND, or an error of ``list_models``.
    """
    for model in list_models(http):
        if model.name == name:
            return model
    # It may be another name of a model in the list.
    value = http.json("GET", f"/models/{quote(name, safe='')}")
    listed = value.get("id") if isinstance(value, dict) else None
    if not isinstance(listed, str):
        raise not_found(f"The upstream {server} has no model {name}.")
    return _to_proto(listed)


def _to_proto(name: str) -> models_pb2.LanguageModel:
    # The list does not say which models accept images.
    return models_pb2.LanguageModel(
        name=name,
        input_modalities=[models_pb2.TEXT, models_pb2.IMAGE],
        output_modalities=[models_pb2.TEXT],
    )
