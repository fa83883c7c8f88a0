"""Ways to ask about many images, side by side: ``python -m benchmarks.bulk``."""
