"""Who is measured: each module does the same work the way a user of it would write it.

A module has ``Blocking`` and ``Asyncio``, made with where the server is. It imports what it
measures and nothing else, for its import is measured too.
"""
