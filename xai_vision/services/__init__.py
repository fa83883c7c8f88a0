"""The services besides chat, one module each.

A module describes its calls once. Two classes make them, one for each client.
"""
