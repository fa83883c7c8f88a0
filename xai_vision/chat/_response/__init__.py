"""Responses, their chunks, and the accumulation of streams."""
