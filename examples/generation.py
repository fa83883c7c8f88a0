"""Generate an image, then a video that begins with it.

python examples/generation.py [--fake]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from connecting import arguments, connect

from xai_vision.errors import GenerationError, VideoGenerationError

PROMPT = "A lighthouse in a storm"


def main() -> None:
    """Save the image, and print the video's URL."""
    options = arguments("Generate an image and a video.")
    with connect(options.fake) as client:
        try:
            image = client.image.sample(PROMPT, "grok-imagine-image", image_format="base64")
            path = Path(tempfile.mkdtemp()) / "lighthouse.jpg"
            path.write_bytes(image.image)
            print(f"{path.name}: {len(image.image):,} bytes, {image.cost_usd} USD")
            video = client.video.generate(
                "The waves grow", "grok-imagine-video", image_url=image.base64, duration=3
            )
            print(f"{video.duration} s of video: {video.url}")
        except (GenerationError, VideoGenerationError) as error:
            print(error)


if __name__ == "__main__":
    main()
