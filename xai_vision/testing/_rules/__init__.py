"""Rules: the conditions on calls, the replies, and the verification at the end of a test."""
