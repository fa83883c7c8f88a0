"""Rule files: the YAML of `xai-vision serve --rules`."""
