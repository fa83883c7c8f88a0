"""The fake service: it reads requests and builds responses, without any transport.

``engine`` handles the calls of one tenant. ``response`` builds protos from replies, and
``default_reply`` chooses the reply to a request that no rule matches.
"""
