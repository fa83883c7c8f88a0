"""Read a receipt into a Pydantic model and check the total.

python examples/receipt.py [scan.jpg] [--fake]
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connecting import arguments, connect
from pydantic import BaseModel, Field

from xai_vision import errors
from xai_vision.chat import image, system, user
from xai_vision.testing import FakeServer


class Line(BaseModel):
    """One item."""

    item: str
    price: Decimal = Field(description="in the receipt's currency, discounts negative")


class Receipt(BaseModel):
    """The content of a receipt."""

    shop: str | None = Field(description="null if it cannot be read")
    bought_on: date | None
    currency: str = Field(description="ISO 4217, such as EUR")
    lines: list[Line]
    total: Decimal


def rules(server: FakeServer) -> None:
    """Reply like a model that reads the sample."""
    lines = [{"item": f"item {n:02d}", "price": f"{n * 1.25:.2f}"} for n in range(1, 5)]
    receipt = {"shop": None, "bought_on": None, "currency": "EUR", "lines": lines, "total": "12.50"}
    server.on(images=1).reply_json(receipt)


def main() -> None:
    """Read the receipt, print it and check the total."""
    options = arguments("Read a receipt.", "scan.jpg")
    with connect(options.fake, rules) as client:
        chat = client.chat.create(options.model, temperature=0)
        chat.append(system("Copy the text exactly. Never guess: use null for illegible values."))
        chat.append(user("Read this receipt.", image(options.images[0], detail="high")))
        try:
            response, receipt = chat.parse(Receipt)
        except errors.StructuredOutputError as error:
            raise SystemExit(f"the receipt could not be read: {error}\n{error.text}") from None
    for line in receipt.lines:
        print(f"{line.item:<30}{line.price:>10}")
    print(f"{'total':<30}{receipt.total:>10} {receipt.currency}")
    missing = receipt.total - sum(line.price for line in receipt.lines)
    print("adds up" if not missing else f"{missing} {receipt.currency} are not accounted for")
    print(f"({response.usage.prompt_image_tokens} tokens for the image)")


if __name__ == "__main__":
    main()
