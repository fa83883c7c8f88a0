"""Fault injection: the faults, the rules for them, and the TCP proxy for connection faults."""
