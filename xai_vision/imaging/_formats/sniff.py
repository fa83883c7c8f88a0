"""Detection of an image's format from its first bytes."""

from __future__ import annotations

HEAD_BYTES = 512
"""Bytes that `sniff_format` and `describe_unknown` read."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "JPEG2000": "image/jp2",
    "JXL": "image/jxl",
    "ICO": "image/x-icon",
    "CUR": "image/x-icon",
    "ICNS": "image/icns",
    "PPM": "image/x-portable-anymap",
    "PSD": "image/vnd.adobe.photoshop",
    "QOI": "image/qoi",
}
"""Media types by format, with Pillow's names.

Rare formats (DDS, SGI, TGA, PCX ...) are omitted, because every decoder exposed to untrusted data
is one more to trust. Users who need one can pass a Pillow image.
"""

SUPPORTED = ("JPEG", "PNG")
"""The formats that the service accepts (its documentation: "jpg/jpeg, png")."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (PNG_SIGNATURE, "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"\xff\x0a", "JXL"),
    (b"8BPS\0\x01", "PSD"),
    (b"qoif", "QOI"),
    (b"icns", "ICNS"),
)
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"mif2"}

HOW_TO_DEVELOP = (
    "Export a JPEG with the camera's software, or pass the array of "
    "rawpy.imread(path).postprocess()."
)
"""The remedy for a camera RAW file."""

_OTHER_SIGNATURES = (
    (b"%PDF-", "a PDF document", "Render its pages with prepare_pages()."),
    (b"%!PS", "a PostScript file", "Render it to PNG."),
    (b"PK\x03\x04", "a ZIP archive or Office document", "Send the images inside it."),
    (b"\x1f\x8b", "gzip data", "Unpack it first."),
    (b"\x1aE\xdf\xa3", "a video", "Send one of its frames as JPEG or PNG."),
    (b"FUJIFILMCCD-RAW", "a camera RAW file", HOW_TO_DEVELOP),
    (b"IIU\0", "a camera RAW file", HOW_TO_DEVELOP),
    (b"IIRO", "a camera RAW file", HOW_TO_DEVELOP),
    (b"IIRS", "a camera RAW file", HOW_TO_DEVELOP),
    (b"FOVb", "a camera RAW file", HOW_TO_DEVELOP),
    (b"\0MRM", "a camera RAW file", HOW_TO_DEVELOP),
    (b"ID3", "sound", ""),
    (b"OggS", "sound or video", ""),
    (b"{", "JSON text", "Pass the image instead of the message that contains it."),
)


def sniff_format(head: bytes) -> str | None:
    """Detect an image's format from its first bytes (64 are enough).

    Returns:
        Pillow's name of the format ("JPEG", "PNG", "WEBP", ...), or None.
    """
    for start, name in _SIGNATURES:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _sniff_boxes(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head[:4] in (b"\0\0\x01\0", b"\0\0\x02\0") and any(head[4:6]) and head[9:10] == b"\0":
        return "ICO" if head[2] == 1 else "CUR"
    if head[:1] == b"P" and head[1:2] in b"1234567" and head[2:3] in (b" ", b"\t", b"\n", b"\r"):
        return "PPM"
    return None


def _sniff_boxes(head: bytes) -> str | None:
    """Detect AVIF and HEIC, which share a container, by their brands."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def describe_unknown(head: bytes) -> tuple[str, str]:
    """Describe data that is not an image, for an error message.

    Returns:
        A description such as "an HTML page" (empty if unknown), and the remedy.
    """
    for start, name, remedy in _OTHER_SIGNATURES:
        if head.startswith(start):
            return name, remedy
    if head[4:12] == b"ftypcrx ":
        return "a camera RAW file", HOW_TO_DEVELOP
    if head[4:8] == b"ftyp" or head[8:12] == b"AVI ":
        return "a video", "Send one of its frames as JPEG or PNG."
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing", "Render it to PNG."
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")):
        return (
            "an HTML or XML page",
            "If it was downloaded, check the URL and the status of the response.",
        )
    if text.startswith((b"http://", b"https://", b"data:")):
        return "a URL as bytes", "Pass it as a str."
    if text and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in text):
        return "plain text", "If it is a path, pass pathlib.Path(...); if base64, check its start."
    return "", ""
