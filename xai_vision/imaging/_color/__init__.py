"""Color spaces that files describe with numbers, and their ICC profiles."""
