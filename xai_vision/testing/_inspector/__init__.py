"""The inspector: calls as a live page, as a report of a failed test, and in notebooks."""
