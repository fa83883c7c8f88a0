"""The REST API of the fake server: the Responses API and Chat Completions over HTTP.

It needs the extra "http". Its modules are imported when an HTTP port is first requested.
"""
