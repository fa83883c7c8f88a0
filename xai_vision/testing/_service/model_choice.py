"""Find the model of a request, and the models that are not in the catalog of language models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xai_vision.testing._errors import invalid_argument, permission_denied
from xai_vision.testing._service.models import IMAGE_MODELS, VIDEO_MODELS, Model, ModelCatalog

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call
    from xai_vision.testing._service.api_keys import ApiKey

OTHER_MODELS: Final = (*IMAGE_MODELS, *VIDEO_MODELS)
"""The models of image and video generation."""


def is_known(name: str, catalog: ModelCatalog) -> bool:
    """Return whether a name is that of a model in ``catalog`` or in ``OTHER_MODELS``."""
    return name in catalog or any(name in (model.name, *model.aliases) for model in OTHER_MODELS)


def model_names(name: str, catalog: ModelCatalog) -> tuple[str, ...]:
    """Return a model's names and aliases; only ``name`` if there is no such model."""
    names = ((model.name, *model.aliases) for model in (*catalog, *OTHER_MODELS))
    return next((known for known in names if name in known), (name,))


def choose_model(catalog: ModelCatalog, name: str, caller: ApiKey, record: Call) -> Model:
    """Return the model of a request, and note its names in the call log.

    Args:
        catalog: The models that the method offers.
        name: The name in the request.
        caller: The API key of the client.
        record: The record of the call.

    Raises:
        ServiceError: INVALID_ARGUMENT, NOT_FOUND or PERMISSION_DENIED.
    """
    record.model, record.model_names = name, (name,)
    if not name:
        raise invalid_argument("The request does not name a model. Set the field model.")
    model = catalog.resolve(name)
    record.model_names = (name, model.name, *model.aliases)
    if caller.models is not None and set(caller.models).isdisjoint(record.model_names):
        raise permission_denied(f"The API key has no access to the model {name}.")
    return model
