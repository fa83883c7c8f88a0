"""A fixed script of calls that shows where the fake server differs from the real service."""
