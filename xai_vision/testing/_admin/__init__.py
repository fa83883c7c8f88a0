"""The admin API of the fake server: rules, calls, tenants and problems over HTTP.

It drives a server from other processes and languages. It needs the extra "http", and is imported
when the HTTP port of a server with an admin token is first requested.
"""
