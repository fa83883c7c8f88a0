"""AVIF, HEIC and JPEG 2000, whose container consists of boxes, and the headers of their codecs."""
