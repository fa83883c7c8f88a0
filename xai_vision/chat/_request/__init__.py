"""The request: its settings, tools and response format, and the bytes that are sent."""
