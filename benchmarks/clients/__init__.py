"""The measured clients: each module does the same work as a user of that client would write it.

A module has the classes ``Blocking`` and ``Asyncio``, which take the server's address. It imports
nothing but the client, because its import is measured too.
"""
