"""The part of a tenant that sets the course of background work and generated results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from xai_vision.testing import _validation as check
from xai_vision.testing._batches.batch import BatchPlan
from xai_vision.testing._collections.collection import IndexingPlan
from xai_vision.testing._generation.plans import ImagePlan, VideoPlan
from xai_vision.testing._service.deferred import DeferredPlan
from xai_vision.testing._service.model_choice import OTHER_MODELS, is_known, model_names

if TYPE_CHECKING:
    from xai_vision.testing._service.engine import Engine


class TenantPlans:
    """The methods of ``Tenant`` that say how the service processes later requests."""

    _engine: Engine

    @check.suggest_keywords("deferred()")
    def deferred(
        self, *, ready_after_polls: int = 1, failed: bool = False, expired: bool = False
    ) -> None:
        """Set the course of the deferred responses that are requested from now on.

        Args:
            ready_after_polls: The number of polls that get PENDING first. Default: 1.
            failed: Whether the responses then end as FAILED instead of DONE.
            expired: Whether the responses then end as EXPIRED instead of DONE.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: The number is negative, or both ``failed`` and ``expired`` are True.
        """
        self._engine.deferred.plan = DeferredPlan(ready_after_polls, failed, expired)

    @check.suggest_keywords("images()")
    def images(
        self,
        *,
        data: Sequence[bytes] = (),
        missing: int = 0,
        withheld: bool = False,
        storage_error: str = "",
    ) -> None:
        """Set the results of image generation from now on.

        Args:
            data: The images to return in turn, as the bytes of files. Default: images of one
                color, which depends on the prompt.
            missing: The number of images that a response has fewer than requested.
            withheld: Whether moderation withholds the images.
            storage_error: Why images are not stored. Default: they are.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: ``missing`` is negative.
        """
        self._engine.image_plan = ImagePlan(data, missing, withheld, storage_error)

    @check.suggest_keywords("videos()")
    def videos(
        self,
        *,
        data: bytes = b"",
        ready_after_polls: int = 1,
        failed: tuple[str, str] | None = None,
        expired: bool = False,
        withheld: bool = False,
        storage_error: str = "",
    ) -> None:
        """Set the course of the videos that are requested from now on.

        Args:
            data: The file to return. Default: a video with an image of one color each second.
            ready_after_polls: The number of polls that get PENDING first. Default: 1.
            failed: The error's code and message with which the requests end.
            expired: Whether the requests end as EXPIRED.
            withheld: Whether moderation withholds the videos.
            storage_error: Why videos are not stored. Default: they are.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: The number is negative, or both ``failed`` and ``expired`` are set.
        """
        self._engine.videos.plan = VideoPlan(
            data, ready_after_polls, failed, expired, withheld, storage_error
        )

    @check.suggest_keywords("batches()")
    def batches(
        self,
        *,
        ready_after: int = 1,
        fail: Iterable[str] = (),
        cancel: str = "",
        models_refused: Iterable[str] = (),
    ) -> None:
        """Set the course of the batches that are created from now on.

        The requests of a batch are processed like single requests: rules and faults apply to each.

        Args:
            ready_after: The number of calls for the state or the results of a batch that find all
                requests pending. Default: 1.
            fail: The ids of the requests that fail.
            cancel: The service's reason to cancel the batch instead of completing it.
            models_refused: The names of the models that batches do not accept.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: ``ready_after`` is negative, or a model is unknown.
        """
        models = self._engine.models
        refused: set[str] = set()
        for name in check.strings("batches: models_refused", models_refused):
            if not is_known(name, models):
                raise ValueError(f"batches: models_refused: {models.hint(name, OTHER_MODELS)}")
            refused.update(model_names(name, models))
        self._engine.batches.plan = BatchPlan(
            ready_after, check.strings("batches: fail", fail), cancel, refused
        )

    @check.suggest_keywords("indexing()")
    def indexing(self, *, ready_after: int = 1, failed: str = "") -> None:
        """Set the course of the indexing of documents from now on.

        Args:
            ready_after: The number of calls for a document's state that find it in progress.
                Default: 1. It is ready after a minute of ``clock`` too.
            failed: The reason with which the indexing ends. Default: it does not fail.

        Raises:
            TypeError: An argument has a wrong type.
            ValueError: ``ready_after`` is negative.
        """
        self._engine.collections.plan = IndexingPlan(ready_after, failed)
