"""Decoding, conversion and encoding with Pillow. These modules import Pillow."""
