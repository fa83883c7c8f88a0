"""Read receipts into a table, and check each total.

python examples/receipts.py [receipt.jpg ...] [--fake] > receipts.csv
"""

from __future__ import annotations

import csv
import sys
from datetime import date
from decimal import Decimal

from connecting import arguments, connect
from drawings import RECEIPTS
from pydantic import BaseModel, Field

from xai_vision import errors
from xai_vision.chat import image, system, user
from xai_vision.testing import FakeServer, Reply

INSTRUCTIONS = "Copy the text exactly. Never guess: use null for what cannot be read."


class Line(BaseModel):
    """One item."""

    item: str
    price: Decimal = Field(description="in the receipt's currency, discounts negative")


class Receipt(BaseModel):
    """The content of a receipt."""

    shop: str | None
    bought_on: date | None
    currency: str = Field(description="ISO 4217, such as EUR")
    lines: list[Line]
    total: Decimal


def rules(server: FakeServer) -> None:
    """Reply like a model that reads the samples. The second total is misread."""
    receipts = []
    for shop, day, items in RECEIPTS.values():
        lines = [{"item": item, "price": price} for item, price in items.items()]
        receipts.append({"shop": shop, "bought_on": day, "currency": "EUR", "lines": lines})
    first, second = receipts
    replies = ({**first, "total": "10.00"}, {**second, "total": "26.00"})
    server.on(images=1).replies(*map(Reply.json, replies))


def main() -> None:
    """Print a row for each item; report receipts that cannot be read or do not add up."""
    options = arguments("Read receipts into a table.", *RECEIPTS)
    table = csv.writer(sys.stdout)
    table.writerow(["file", "shop", "date", "item", "price", "currency", "checked"])
    with connect(options.fake, rules) as client:
        for path in options.images:
            chat = client.chat.create(options.model, temperature=0)
            chat.append(system(INSTRUCTIONS))
            chat.append(user("Read this receipt.", image(path, detail="high")))
            try:
                _, receipt = chat.parse(Receipt)
            except (errors.ImageError, errors.StructuredOutputError) as error:
                print(f"{path.name}: {error}", file=sys.stderr)
                continue
            missing = receipt.total - sum(line.price for line in receipt.lines)
            if missing:
                print(f"{path.name}: {missing} of the total is missing", file=sys.stderr)
            start = [path.name, receipt.shop, receipt.bought_on]
            for line in receipt.lines:
                row = [line.item, line.price, receipt.currency, "no" if missing else "yes"]
                table.writerow([*start, *row])


if __name__ == "__main__":
    main()
