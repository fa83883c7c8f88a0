"""The parts of ``client.files``."""
