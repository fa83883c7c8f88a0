"""The parts of ``client.collections``."""
