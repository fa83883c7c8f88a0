"""Upload an image once, and ask about it in several turns.

python examples/uploads.py [photo.jpg] [--fake]
"""

from __future__ import annotations

from connecting import arguments, connect

from xai_vision import errors
from xai_vision.chat import user

QUESTIONS = ("What is in this image?", "Which colors stand out?", "Describe it in one sentence.")


def main() -> None:
    """Upload, ask, and delete the file."""
    options = arguments("Upload an image once, and ask about it.", "photo.jpg")
    (path, *_) = options.images
    with connect(options.fake) as client:
        part = client.files.image(path, on_progress=lambda step: print(f"sent {step:,} bytes"))
        file_id = part.image_url.file_id
        try:
            chat = client.chat.create(options.model).append(user(part))
            for question in QUESTIONS:
                chat.append(user(question))
                response = chat.sample()
                print(f"> {question}\n{response}")
                print(f"({chat.proto.ByteSize():,} bytes sent)")
                chat.append(response)
        except errors.APIError as error:
            print(error)
        finally:
            print("deleted:", client.files.delete(file_id).deleted)


if __name__ == "__main__":
    main()
