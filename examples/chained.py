"""Continue a stored response from its id.

python examples/chained.py [photo.jpg] [--fake]
"""

from __future__ import annotations

from pathlib import Path

from connecting import arguments, connect

from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.errors import BadRequestError, NotFoundError


def first(client: Client, model: str, path: Path) -> str:
    """Ask about an image; return the response's id."""
    chat = client.chat.create(model, store_messages=True)
    chat.append(user("What's in this image?", image(path)))
    try:
        response = chat.sample()
    except BadRequestError:
        # The documentation warns that storing requests with images may fail.
        raise SystemExit(
            "the service did not store the request; continue with the chat object instead"
        ) from None
    print(response, "\n")
    return response.id


def further(client: Client, model: str, response_id: str) -> str:
    """Ask about the same image without sending it again."""
    chat = client.chat.create(model, previous_response_id=response_id, store_messages=True)
    chat.append(user("Can you describe the colors in more detail?"))
    response = chat.sample()
    print(response)
    print(f"({response.usage.prompt_image_tokens} tokens for the image, which was sent earlier)\n")
    return response.id


def main() -> None:
    """Ask, continue, and delete the stored responses."""
    options = arguments("Chain a conversation.", "photo.jpg")
    with connect(options.fake) as client:
        ids = [first(client, options.model, options.images[0])]
        ids.append(further(client, options.model, ids[-1]))
        for response_id in ids:
            client.chat.delete_stored_completion(response_id)
        try:
            further(client, options.model, ids[-1])
        except NotFoundError as error:
            print(f"after deleting: {error.details()}")


if __name__ == "__main__":
    main()
