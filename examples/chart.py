"""Read the numbers off a chart, as CSV.

python examples/chart.py [chart.png] [--fake]
"""

from __future__ import annotations

import csv
import sys

from connecting import arguments, connected
from pydantic import BaseModel, Field

from xai_vision.chat import image, user
from xai_vision.testing import FakeServer


class Bar(BaseModel):
    """One bar or point."""

    label: str
    value: float
    certain: bool = Field(description="false if it was read off the axis, not off a label")


class Chart(BaseModel):
    """What a chart shows."""

    title: str
    unit: str
    bars: list[Bar]


def rules(server: FakeServer) -> None:
    """What a model might read off the sample."""
    values = {"Mon": 31, "Tue": 54, "Wed": 78, "Thu": 42, "Fri": 95, "Sat": 12, "Sun": 8}
    bars = [{"label": day, "value": value, "certain": True} for day, value in values.items()]
    chart = {"title": "Parcels per day", "unit": "parcels", "bars": bars}
    server.on(images=1).reply_json(chart)


def main() -> None:
    """Read it; the table goes to stdout, the rest to stderr."""
    given = arguments("Read a chart.", "chart.png")
    with connected(given.fake, rules) as client:
        chat = client.chat.create(given.model)
        chat.append(
            user("Read the values off this chart.", image(given.pictures[0], detail="high"))
        )
        _, chart = chat.parse(Chart)
    print(f"{chart.title} ({chart.unit})", file=sys.stderr)
    table = csv.writer(sys.stdout)
    table.writerow(["label", "value", "certain"])
    for bar in chart.bars:
        table.writerow([bar.label, bar.value, bar.certain])


if __name__ == "__main__":
    main()
