"""The parts of ``client.batch``."""
