"""Search documents in a collection.

python examples/manuals.py [--fake]

Without --fake, XAI_MANAGEMENT_KEY must be set too.
"""

from __future__ import annotations

from connecting import arguments, connect

MANUALS = {
    "pump.txt": b"The pump works at a pressure of 5 bar.",
    "lamp.txt": b"The lamp needs 12 volts. It has a switch at its base.",
}


def main() -> None:
    """Index the documents, search them, and delete the collection."""
    options = arguments("Search documents in a collection.")
    with connect(options.fake) as client:
        collection_id = client.collections.create("manuals").collection_id
        try:
            for name, text in MANUALS.items():
                client.collections.upload_document(
                    collection_id,
                    name,
                    text,
                    wait_for_indexing=True,
                    poll_interval=0.01 if options.fake else None,
                )
            for query in ("the pressure of the pump", "how many volts?"):
                print(f"> {query}")
                for match in client.collections.search(query, [collection_id], 1).matches:
                    print(match.chunk_content)
        finally:
            client.collections.delete(collection_id)


if __name__ == "__main__":
    main()
