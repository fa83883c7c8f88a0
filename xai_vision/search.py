"""Live search by the older interface: ``create(search_parameters=SearchParameters(...))``."""
