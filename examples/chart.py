"""Read a chart and print its values as CSV.

python examples/chart.py [chart.png] [--fake]
"""

from __future__ import annotations

import csv
import sys

from connecting import arguments, connect
from pydantic import BaseModel, Field

from xai_vision.chat import image, user
from xai_vision.testing import FakeServer


class Bar(BaseModel):
    """A bar or point."""

    label: str
    value: float
    certain: bool = Field(
        description="false if estimated from the axis instead of read from a label"
    )


class Chart(BaseModel):
    """The content of a chart."""

    title: str
    unit: str
    bars: list[Bar]


def rules(server: FakeServer) -> None:
    """Reply like a model that reads the sample."""
    values = {"Mon": 31, "Tue": 54, "Wed": 78, "Thu": 42, "Fri": 95, "Sat": 12, "Sun": 8}
    bars = [{"label": day, "value": value, "certain": True} for day, value in values.items()]
    chart = {"title": "Parcels per day", "unit": "parcels", "bars": bars}
    server.on(images=1).reply_json(chart)


def main() -> None:
    """Read the chart; print the table to stdout and the rest to stderr."""
    options = arguments("Read a chart.", "chart.png")
    with connect(options.fake, rules) as client:
        chat = client.chat.create(options.model)
        chat.append(user("Read the values of this chart.", image(options.images[0], detail="high")))
        _, chart = chat.parse(Chart)
    print(f"{chart.title} ({chart.unit})", file=sys.stderr)
    table = csv.writer(sys.stdout)
    table.writerow(["label", "value", "certain"])
    for bar in chart.bars:
        table.writerow([bar.label, bar.value, bar.certain])


if __name__ == "__main__":
    main()
