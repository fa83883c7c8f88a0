"""What the service offers besides conversations: one small file each.

Every file has the calls once, described and not performed, and two classes that perform them:
one blocks, its twin is awaited.
"""
