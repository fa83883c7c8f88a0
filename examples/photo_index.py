"""Describe all images of a folder as rows with a title and keywords, and find them again.

python examples/photo_index.py [photo.jpg ...] [--fake]

The answers are in a file beside the images. A second run asks about new images only.
"""

from __future__ import annotations

from connecting import arguments, service

from xai_vision import AsyncClient, bulk

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "keywords": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["title", "keywords"],
    "additionalProperties": False,
}


def main() -> None:
    """Index the images, and print the index."""
    options = arguments("Index images.", "photo.jpg", "chart.png", "scan.jpg")
    with service(options.fake) as address:
        job = bulk.ask(
            "Give the image a title and up to five keywords.",
            [(path.name, path) for path in options.images],
            out=options.images[0].with_name("index.jsonl"),
            model=options.model,
            schema=SCHEMA,
            max_usd=1.0,
            client=AsyncClient(**address),
        )
        print(job.estimate())
        result = job.run(progress=True)
        print(f"{result.answered} rows answered for ${result.usd:.4f}")
        # The file has the rows in the order of their answers.
        for outcome in sorted(bulk.read_outcomes(job.path), key=lambda outcome: outcome.id):
            print(f"{outcome.id}: {outcome.parsed['title']} {outcome.parsed['keywords']}")
        for outcome in job.failed():
            print(f"{outcome.id}: {outcome.error.message}")
        again = job.run()
        print(f"a second run found {again.earlier} of {again.answered} rows answered")


if __name__ == "__main__":
    main()
