"""Image formats: detection, headers and metadata, without Pillow."""
