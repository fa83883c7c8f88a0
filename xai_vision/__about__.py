"""The version, under the path of xai_sdk. The build reads it without importing the package."""

__version__ = "0.9.0"
