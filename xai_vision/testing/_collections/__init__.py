"""Collections of documents, and search in them."""
