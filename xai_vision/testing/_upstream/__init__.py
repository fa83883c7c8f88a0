"""Pass on the calls that no rule answers to another service.

``exchange.py`` has the interface: everything that passes on a call, or answers in its place, is an
``Upstream``.
"""
