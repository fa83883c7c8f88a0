"""The models of the fake service.

Names, aliases and modalities follow the service's public list of models. Prices and prompt
lengths are only similar to the real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypedDict

from xai_vision._validation import did_you_mean
from xai_vision.testing import _validation as check
from xai_vision.testing._errors import not_found

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ModelOptions(TypedDict, total=False):
    """The fields of a ``Model`` besides its name; see ``Model``."""

    aliases: Iterable[str]
    vision: bool
    max_prompt_length: int
    text_price: int
    image_price: int
    cached_price: int
    completion_price: int
    search_price: int
    version: str
    fingerprint: str
    created: datetime


@dataclass(frozen=True)
class Model:
    """A model.

    Prices are integers, as in the protos, in units of a hundred-millionth of a US cent (1e-10
    USD). A price of 30_000 per token is 3 USD per million tokens.

    Attributes:
        name: The name in responses.
        aliases: The other names that requests may use.
        vision: Whether the model accepts images. Default: True, as new models do.
        max_prompt_length: The maximum prompt in tokens, image tokens included.
        text_price: The price of a text token in the prompt.
        image_price: The price of an image token in the prompt. For an image generation model, the
            price of an image.
        cached_price: The price of a cached prompt token.
        completion_price: The price of a token of the response.
        search_price: The price of a search source.
        version: The version in the list of models.
        fingerprint: The system fingerprint in responses.
        created: When the model was created.
    """

    name: str
    aliases: tuple[str, ...] = ()
    vision: bool = True
    max_prompt_length: int = 131_072
    text_price: int = 30_000
    image_price: int = 30_000
    cached_price: int = 7_500
    completion_price: int = 150_000
    search_price: int = 250_000_000
    version: str = "1.0"
    fingerprint: str = "fp_fake000000"
    created: datetime = datetime(2025, 7, 9, tzinfo=timezone.utc)

    def __post_init__(self) -> None:
        if not check.string("Model: name", self.name):
            raise ValueError("Model: name is empty")
        object.__setattr__(self, "aliases", check.strings("Model: aliases", self.aliases))
        check.boolean("Model: vision", self.vision)
        check.integer("Model: max_prompt_length", self.max_prompt_length, 1, 2**31 - 1)
        for name in _PRICES:
            check.integer(f"Model: {name}", getattr(self, name), 0, 2**63 - 1)
        check.string("Model: version", self.version)
        check.string("Model: fingerprint", self.fingerprint)
        check.instance("Model: created", self.created, datetime, "a datetime")


_PRICES: Final = ("text_price", "image_price", "cached_price", "completion_price", "search_price")


def read_model(label: str, value: object) -> Model:
    """Return a model from a ``Model``, a name, or a mapping of a model's fields.

    Raises:
        TypeError: The value is something else, or a field does not exist or has a wrong type.
        ValueError: A field has a wrong value.
    """
    if isinstance(value, Model):
        return value
    if isinstance(value, str):
        return Model(value)
    if not isinstance(value, Mapping):
        expected = "a name, a Model, or a mapping of its fields"
        raise TypeError(f"{label} must be {expected}, not {check.short_repr(value)}")
    check.check_names(label, value, [item.name for item in fields(Model)])
    if "name" not in value:
        raise TypeError(f"{label} has no 'name': {check.short_repr(value)}")
    return Model(**value)


def read_models(value: object) -> tuple[Model, ...]:
    """Return the models of the setting ``models``.

    Raises:
        TypeError: The value is not a list, or an item is not a model.
        ValueError: A field of a model has a wrong value, or an alias is the name of a model.
    """
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        text = check.short_repr(value)
        example = f". Pass [{text}]" if isinstance(value, str) else ""
        raise TypeError(f"models must be a list of models, not {text}{example}")
    models = tuple(read_model(f"models[{index}]", item) for index, item in enumerate(value))
    ModelCatalog(models, LANGUAGE_MODELS)
    return models


class ModelCatalog:
    """The models of a service, by name and alias. Iteration yields them in order.

    Args:
        models: The models. A later one takes over the names of earlier ones, as ``add`` does.
        base: A catalog with models that come first.
    """

    def __init__(self, models: Iterable[Model], base: ModelCatalog | None = None) -> None:
        # Readers may use the dicts while a model is added, so they are replaced, never changed.
        self._models: dict[str, Model] = base._models if base else {}
        self._by_name: dict[str, Model] = base._by_name if base else {}
        for model in models:
            self._add(model)
        self._initial = self._models, self._by_name

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def names(self) -> list[str]:
        """All names and aliases."""
        return [name for model in self for name in (model.name, *model.aliases)]

    def add(self, model: Model | str, /, **options: Unpack[ModelOptions]) -> Model:
        """Add a model, such as one that is newer than this package.

        A model with the same name is replaced. An alias of another model becomes one of the new
        model, as when "grok-latest" moves on.

        Args:
            model: The name, or a ``Model``.
            options: Fields of the ``Model``: ``vision=False``, ``aliases=["grok-latest"]``,
                ``max_prompt_length=1_000_000``, ``text_price=20_000``.

        Returns:
            The model.

        Raises:
            TypeError: A field does not exist, or has a wrong type.
            ValueError: A field has a wrong value, or an alias is the name of another model.

        Examples:
            >>> from xai_vision.testing import FakeServer
            >>> FakeServer().models.add("grok-9", aliases=["grok-latest"]).name
            'grok-9'
        """
        values: dict[str, Any] = dict(options)
        check.check_names("models.add()", values, ModelOptions.__annotations__)
        added = read_model("models.add(): model", model)
        return self._add(replace(added, **values) if values else added)

    def _add(self, model: Model) -> Model:
        names = {model.name, *model.aliases}
        taken = [name for name in model.aliases if name in self._models and name != model.name]
        if taken:
            raise ValueError(
                f"the alias {taken[0]!r} of {model.name!r} is the name of another model"
            )
        models = {
            name: other
            if names.isdisjoint(other.aliases)
            else replace(other, aliases=tuple(a for a in other.aliases if a not in names))
            for name, other in self._models.items()
        }
        models[model.name] = model
        self._by_name = {name: m for m in models.values() for name in (*m.aliases, m.name)}
        self._models = models
        return model

    def clear(self) -> None:
        """Remove the models that were added."""
        self._models, self._by_name = self._initial

    def hint(self, name: str, others: Iterable[Model] = ()) -> str:
        """Describe a name that no model has, and how to add it.

        Args:
            name: The name.
            others: Models that the server has besides those of this catalog.
        """
        other_names = (known for model in others for known in (model.name, *model.aliases))
        suggestion = did_you_mean(name, [*self._by_name, *other_names]) or "."
        return f"The server has no model {name!r}{suggestion} server.models.add({name!r}) adds it."

    def resolve(self, name: str) -> Model:
        """Return the model with a name or alias.

        Raises:
            ServiceError: NOT_FOUND if no model has the name.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise not_found(
                f"The model {name} does not exist or your team does not have access to it."
            ) from None


_fast = partial(
    Model,
    vision=True,
    max_prompt_length=2_000_000,
    text_price=2_000,
    image_price=2_000,
    cached_price=500,
    completion_price=5_000,
)

LANGUAGE_MODELS: Final = ModelCatalog(
    (
        Model("grok-4-0709", ("grok-4", "grok-4-latest"), True, 256_000),
        _fast("grok-4-fast-reasoning", ("grok-4-fast",)),
        _fast("grok-4-fast-non-reasoning"),
        _fast("grok-4-1-fast-reasoning", ("grok-4-1-fast",)),
        _fast("grok-4-1-fast-non-reasoning"),
        Model("grok-4.20-reasoning", ("grok-4.20",), True, 2_000_000),
        Model("grok-4.20-non-reasoning", (), True, 2_000_000),
        Model("grok-4.20-multi-agent", (), True, 2_000_000),
        Model("grok-4.3", (), True, 1_000_000),
        Model("grok-4.5", (), True, 1_000_000),
        Model("grok-4.6", ("grok-latest",), True, 1_000_000),
        Model("grok-2-vision-1212", ("grok-2-vision",), True, 32_768, 20_000, 20_000),
        _fast(
            "grok-code-fast-1",
            ("grok-code-fast",),
            vision=False,
            max_prompt_length=256_000,
            completion_price=15_000,
        ),
        Model("grok-3", ("grok-3-latest",), vision=False),
        _fast("grok-3-mini", vision=False, max_prompt_length=131_072),
    )
)
EMBEDDING_MODELS: Final = ModelCatalog([Model("v1", ("grok-embedding-small",), text_price=100)])
IMAGE_MODELS: Final = ModelCatalog(
    [
        Model("grok-2-image-1212", ("grok-2-image",), vision=False, max_prompt_length=1_024),
        Model("grok-imagine-image", max_prompt_length=8_000, image_price=200_000_000),
        Model("grok-imagine-image-2.0", max_prompt_length=8_000, image_price=200_000_000),
        Model("grok-imagine-image-quality", max_prompt_length=8_000, image_price=500_000_000),
    ]
)
VIDEO_MODELS: Final = ModelCatalog(
    [
        Model("grok-imagine-video", max_prompt_length=8_000, image_price=500_000_000),
        Model("grok-imagine-video-1.5", max_prompt_length=8_000, image_price=1_000_000_000),
    ]
)
"""``image_price`` is the price of a second of video."""
