"""Ask the same question about many images in a batch.

python examples/batch_captions.py [photo.jpg ...] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connect

from xai_vision.chat import image, user
from xai_vision.proto import batch_pb2


def show(batch: batch_pb2.Batch) -> None:
    """Print the progress."""
    state = batch.state
    print(f"{state.num_requests - state.num_pending} of {state.num_requests} are done")


def main() -> None:
    """Create a batch, wait for it, and print its results by image."""
    options = arguments("Caption images in a batch.", "photo.jpg", "chart.png")
    with connect(options.fake) as client:
        batch = client.batch.create("captions")
        client.batch.add(
            batch.batch_id,
            [
                client.chat.create(options.model, batch_request_id=path.name).append(
                    user("A caption, please.", image(path))
                )
                for path in options.images
            ],
        )
        interval = 0.01 if options.fake else None
        client.batch.wait(batch.batch_id, interval=interval, on_progress=show)
        for result in client.batch.results(batch.batch_id):
            print(f"{result.batch_request_id}: {result.error_message or result.response.content}")


if __name__ == "__main__":
    main()
