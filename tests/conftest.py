"""Fixtures of every room."""
