"""Go on from a stored answer, as a program does that forgets everything but an id.

python examples/chained.py [photo.jpg] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connected

from xai_vision import Client
from xai_vision.chat import image, user
from xai_vision.errors import BadRequestError, NotFoundError


def first(client: Client, model: str, picture: object) -> str:
    """Ask about a picture; return the id to go on from."""
    chat = client.chat.create(model, store_messages=True)
    chat.append(user("What's in this image?", image(picture)))
    try:
        response = chat.sample()
    except BadRequestError:
        # The service's document warns that requests with pictures may fail when they are stored.
        raise SystemExit("the service does not store this; keep the chat object instead") from None
    print(response, "\n")
    return response.id


def further(client: Client, model: str, known: str) -> str:
    """Ask about the same picture, which is not sent again."""
    chat = client.chat.create(model, previous_response_id=known, store_messages=True)
    chat.append(user("Can you describe the colors in more detail?"))
    response = chat.sample()
    print(response)
    print(f"({response.usage.prompt_image_tokens} tokens for the picture, sent earlier)\n")
    return response.id


def main() -> None:
    """Ask, go on, and clean up."""
    given = arguments("Chain a conversation.", "photo.jpg")
    with connected(given.fake) as client:
        ids = [first(client, given.model, given.pictures[0])]
        ids.append(further(client, given.model, ids[-1]))
        for known in ids:
            client.chat.delete_stored_completion(known)
        try:
            further(client, given.model, ids[-1])
        except NotFoundError as error:
            print(f"after deleting: {error.details()}")


if __name__ == "__main__":
    main()
