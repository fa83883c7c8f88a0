"""Conversion of the supported image sources."""
