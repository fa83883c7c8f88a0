"""The service of the comparison: a FakeServer with a rate limit and seeded faults.

python -m benchmarks.bulk.service LIMIT FAULT_RATE

It prints its address and its key, and for each line of standard input a report of the calls so far.
"""

from __future__ import annotations

import json
import sys
from collections import Counter

from xai_vision.testing import FakeServer, Fault


def report(server):
    """Count the calls by their status, and the images that were answered more than once."""
    calls = [call for call in server.calls if call.method == "GetCompletion"]
    answered = Counter(
        image.sha256 for call in calls if call.status == "OK" for image in call.images
    )
    return {
        "calls": len(calls),
        "statuses": Counter(call.status or "OPEN" for call in calls),
        "asked": len({image.sha256 for call in calls for image in call.images}),
        "paid_twice": sum(count - 1 for count in answered.values()),
    }


def main():
    limit, faults = map(float, sys.argv[1:])
    # The log keeps the hashes of the images, not their bytes.
    with FakeServer(keep_calls=1_000_000, keep_image_bytes=1024, unused="allow") as server:
        if limit:
            server.rate_limit(requests=limit)
        if faults:
            server.fault(Fault.internal(), rate=faults / 2)
            server.fault(Fault.unavailable(), rate=faults / 2)
        print("ready", server.target, server.api_key, flush=True)
        for _ in sys.stdin:
            print("report", json.dumps(report(server)), flush=True)


if __name__ == "__main__":
    main()
