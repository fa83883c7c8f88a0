"""Rules as data: the YAML of `xai-vision serve --rules`, and the JSON of the admin API."""
