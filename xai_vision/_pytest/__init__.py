"""What the fixtures of the pytest plugin do. The plugin itself is ``pytest_plugin``."""
