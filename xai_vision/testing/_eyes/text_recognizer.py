"""Read the text of images with rapidocr and the models in its wheel."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai_vision._optional_imports import import_optional
from xai_vision.testing._eyes.text_boxes import TextBox, are_sideways, mean_score

if TYPE_CHECKING:
    from PIL.Image import Image

# An A4 page of this size has capital letters of 16 pixels at 10 points. Detection takes 0.2 GB per
# million pixels.
_MAX_PIXELS = 3_000_000
# rapidocr enlarges images until their short side has 736 pixels, so a strip would become too large.
_MAX_ASPECT = 4
_MIN_SIDE = 64
_MIN_SCORE = 0.7  # below it is noise that looks like letters
# The score of text that is upside down is about 0.6, that of blurred text is above 0.9.
_UNCERTAIN_SCORE = 0.8


class TextRecognizer:
    """Reads the text of images. The models are loaded at the first use.

    One thread at a time may use it.

    Raises:
        ImportError: A package of the extra "eyes" is missing.
    """

    def __init__(self) -> None:
        import_optional("onnxruntime", "eyes", "FakeServer(eyes=True)")
        self._rapidocr = import_optional("rapidocr", "eyes", "FakeServer(eyes=True)")
        self._recognize: Callable[..., Any] | None = None

    def read(self, image: Image) -> list[TextBox]:
        """Return the text of an RGB image, in any order.

        A page that is turned by a multiple of 90 degrees is turned back. The coordinates are those
        of the upright page.
        """
        from PIL.Image import Transpose

        boxes = self._read(image)
        if are_sideways(boxes):
            image = image.transpose(Transpose.ROTATE_90)
            boxes = self._read(image)
        if mean_score(boxes) < _UNCERTAIN_SCORE:
            turned = self._read(image.transpose(Transpose.ROTATE_180))
            if _certain_characters(turned) > _certain_characters(boxes):
                boxes = turned
        return [box for box in boxes if box.score >= _MIN_SCORE]

    def _read(self, image: Image) -> list[TextBox]:
        if self._recognize is None:
            self._recognize = self._load()
        # The classifier of upside-down lines is left out, because it turns lines that are upright.
        # rapidocr keeps the options of a call, so each call sets all of them.
        result = self._recognize(
            _fitted(image), use_det=True, use_cls=False, use_rec=True, text_score=0.0
        )
        if result.txts is None:
            return []
        return [
            TextBox(tuple((x, y) for x, y in corners), text, float(score))
            for corners, text, score in zip(
                result.boxes.tolist(), result.txts, result.scores, strict=True
            )
        ]

    def _load(self) -> Callable[..., Any]:
        """Return the recognizer with the models of the wheel."""
        folder = Path(self._rapidocr.__file__).parent / "models"
        models = {}
        for part, pattern in {"Det": "*_det_*.onnx", "Rec": "*_rec_*.onnx"}.items():
            path = next(iter(sorted(folder.glob(pattern))), None)
            if path is None:
                raise FileNotFoundError(
                    f"FakeServer(eyes=True): rapidocr has no model {pattern} in {folder}. "
                    "Install it from its wheel: pip install 'xai-vision[eyes]'"
                )
            # rapidocr downloads models for which it has no path.
            models[f"{part}.model_path"] = str(path)
        recognize: Callable[..., Any] = self._rapidocr.RapidOCR(
            params={
                **models,
                "Global.log_level": "critical",
                "Global.max_side_len": 4 * _MAX_PIXELS,  # _fitted() has limited the size
                # One thread: it is the same result on every machine, and tests run in parallel.
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Lines in a batch get the width of the longest, which costs accuracy and memory.
                "Rec.rec_batch_num": 1,
            }
        )
        return recognize


def _certain_characters(boxes: list[TextBox]) -> float:
    return sum(len(box.text) for box in boxes if box.score >= _UNCERTAIN_SCORE)


def _fitted(image: Image) -> Image:
    """Return the image at a size that limits memory, with white borders if it is a strip."""
    import PIL.Image

    scale = math.sqrt(_MAX_PIXELS / (image.width * image.height))
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, PIL.Image.Resampling.LANCZOS)
    shortest = max(_MIN_SIDE, -(-max(image.size) // _MAX_ASPECT))
    size = (max(image.width, shortest), max(image.height, shortest))
    if size == image.size:
        return image
    padded = PIL.Image.new("RGB", size, "white")
    padded.paste(image)
    return padded
