"""The parts of ``client.image`` and ``client.video``."""
