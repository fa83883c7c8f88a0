"""The engine over HTTP: the Responses API and Chat Completions, as REST clients know them.

Needs the extra "http"; nothing of it is imported before ``FakeServer.http_url`` is asked for.
"""
