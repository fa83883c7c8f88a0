"""Generated images and videos."""
