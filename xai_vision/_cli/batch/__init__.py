"""Batches: one request for many images, as a job of ``xai_vision.bulk``."""
