"""Answers about places: from coordinates in the sent image to the source, tiles, drawing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, overload

from xai_vision.imaging._formats.change import Change
from xai_vision.imaging._formats.image_header import ImageHeader
from xai_vision.imaging._options import PrepareOptions
from xai_vision.imaging._placement import Placement
from xai_vision.imaging._places import Scale, TileGrid, fractions, labeled_places
from xai_vision.imaging._sources.data import ImageData
from xai_vision.imaging._sources.resolved import ResolvedSource

if TYPE_CHECKING:
    from PIL.Image import Image
    from typing_extensions import Self


class PlacedImage(ABC):
    """An image that knows which part of its source it shows."""

    __slots__ = ()

    @abstractmethod
    def pil(self) -> Image:
        """Decode to a Pillow image with the EXIF orientation applied."""

    @property
    @abstractmethod
    def multi_image(self) -> bool:
        """Whether the file has more than one image."""

    @abstractmethod
    def _placed(self) -> tuple[Placement, tuple[int, int]]:
        """Return the placement, and the size in pixels with the orientation applied."""

    @abstractmethod
    def _like(self, source: ResolvedSource, data: ImageData, header: ImageHeader) -> Self:
        """Return an image of another source with the same settings."""

    @abstractmethod
    def resolved(self) -> ResolvedSource:
        """Return the image as a source, to prepare it again with other options."""

    @overload
    def to_source(
        self, box: tuple[float, float], scale: Scale = ..., *, upright: bool = ...
    ) -> tuple[float, float]: ...
    @overload
    def to_source(
        self, box: tuple[float, float, float, float], scale: Scale = ..., *, upright: bool = ...
    ) -> tuple[float, float, float, float]: ...
    @overload
    def to_source(
        self, box: Iterable[float], scale: Scale = ..., *, upright: bool = ...
    ) -> tuple[float, ...]: ...
    def to_source(
        self, box: Iterable[float], scale: Scale = 1000, *, upright: bool = True
    ) -> tuple[float, ...]:
        """Map a box or point of the model's answer to the file that was passed.

        Args:
            box: A box (x0, y0, x1, y1), that is left, top, right, bottom, or a point (x, y), in
                this image with its orientation applied. Coordinates that are outside of the image
                by up to a tenth are moved to its edge.
            scale: The range of the coordinates: 1000 for 0..1000, 1 for 0..1, a pair (width,
                height), or None (or "pixels") for pixels of this image.
            upright: Whether the result is for the source with its EXIF orientation applied, as
                viewers show it. False: for the pixels as they are stored, as ``Image.open`` has
                them (except those of a TIFF, which it turns). A HEIC, and a TIFF opened with
                Pillow, count as upright, because the decoder turns them.

        Returns:
            Integers, in pixels of the source: the box of all pixels that ``box`` touches, as
            ``crop()`` and slices take it, or the pixel at the point. For a page of a PDF, points
            (1/72 inch): from the top left corner of the page, or with ``upright=False`` in the
            coordinates of the PDF, from the bottom left and without the page's rotation.

        Raises:
            InvalidRequestError: The box or the scale is invalid.
            ImageReadError: The image is a URL.
        """
        placement, size = self._placed()
        return placement.locate(fractions(box, scale, size), upright=upright)

    def tiles(
        self, max_side: int = 1024, overlap: float = 0.1, *, max_bytes: int | None = None
    ) -> Iterator[Self]:
        """Cut the image into tiles, for small print that the model cannot read in the whole.

        The tiles have nearly the same size, overlap, cover every pixel, and are made one at a time.
        ``tile.to_source`` gives coordinates in the source of the whole image. An image that fits
        into one tile is returned unchanged.

        Args:
            max_side: Maximum width and height of a tile in pixels of this image.
            overlap: The part of ``max_side`` that neighbors have in common at least, 0 to 0.5.
            max_bytes: Maximum size of a tile in bytes; by default the tiles are PNGs without
                loss, except that 16-bit color becomes 8-bit.

        Returns:
            An iterator over the tiles, row by row.

        Raises:
            InvalidRequestError: An argument is invalid.
            ImageReadError: The image is a URL, or its file can no longer be read.
        """
        placement, size = self._placed()
        options = PrepareOptions(max_bytes=max_bytes).validated()
        return self._cut(TileGrid(size, max_side, overlap), placement, options)

    def _cut(self, grid: TileGrid, placement: Placement, options: PrepareOptions) -> Iterator[Self]:
        whole = self.resolved()
        size_bytes = whole.data.size if whole.data else 0
        if len(grid) == 1 and size_bytes <= options.size_limit:
            yield self
            return
        from xai_vision.imaging._pillow.tiles import encode_tile

        pixels = self.pil()
        if self.multi_image:
            whole.changes.append(Change("only the first of its images is sent", lossy=True))
        for number, box in enumerate(grid, start=1):
            where = "cut out: x {0} to {2}, y {1} to {3}".format(*box)
            tile = ResolvedSource(
                f"{whole.name}, tile {number} of {len(grid)}",
                changes=[*whole.changes, Change(where)],
                placement=placement.part(box, pixels.size),
            )
            data, header = encode_tile(tile, pixels, box, options)
            yield self._like(tile, data, header)

    def draw(
        self,
        boxes: Iterable[Any],
        labels: Iterable[str | None] | None = None,
        scale: Scale = 1000,
    ) -> Image:
        """Draw boxes and points on a copy of the image, to look at an answer.

        Args:
            boxes: Boxes or points as for ``to_source``, or a single one.
            labels: A text for each box, in Latin letters, or None.
            scale: The range of the coordinates, as for ``to_source``.

        Returns:
            A Pillow image of the mode RGB with the orientation applied.

        Raises:
            InvalidRequestError: A box, the labels or the scale is invalid.
            ImageReadError: The image is a URL, or its file can no longer be read.
        """
        _, size = self._placed()
        places = labeled_places(boxes, labels, scale, size)
        from xai_vision.imaging._pillow.drawing import draw_places

        return draw_places(self.pil(), places)
