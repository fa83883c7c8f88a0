"""Records of calls, the call log, and the redaction of API keys in them."""
