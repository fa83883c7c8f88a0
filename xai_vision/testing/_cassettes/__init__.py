"""Cassettes: recorded calls of the service, which the fake server replays."""
