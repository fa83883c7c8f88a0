"""The files of ``--xai-report``: the calls of each failed test, as HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from xai_vision._pytest.tenants import tenants_of

if TYPE_CHECKING:
    from xai_vision.testing import Tenant

_OPTION = "--xai-report"
_NAME = "xai_report"


def add_option(parser: pytest.Parser) -> None:
    """Add the command line option."""
    parser.getgroup("xai_vision").addoption(
        _OPTION,
        metavar="DIR",
        help="write an HTML file with the calls of the fake xAI server for each failed test",
    )


def resolve_option(config: pytest.Config) -> None:
    """Give the processes of xdist, which may have another directory, the same folder."""
    folder = config.getoption(_NAME)
    if folder:
        config.option.xai_report = str(config.invocation_params.dir / folder)


def record_times(item: pytest.Item, tenant: Tenant) -> None:
    """Let the tenant's calls remember their times if files are written."""
    if item.config.getoption(_NAME):
        from xai_vision.testing._inspector import static_view

        static_view.record_times(tenant)


def add_files(item: pytest.Item, report: pytest.TestReport) -> None:
    """Write the calls of the test's tenants, and name the files in the report."""
    folder = item.config.getoption(_NAME)
    if not folder:
        return
    from xai_vision.testing._inspector.static_view import write_report

    lines = []
    for number, tenant in enumerate(tenants_of(item), 1):
        name = item.nodeid if number == 1 else f"{item.nodeid} ({number})"
        try:
            file = write_report(tenant, Path(folder), name, report.longreprtext)
        except Exception as error:  # noqa: BLE001 - the failure of the test matters more
            lines.append(f"The report cannot be written: {type(error).__name__}: {error}")
        else:
            lines.append(f"Calls with their images: {file}")
    if lines:
        report.sections.append(("fake xAI server", "\n".join(lines)))
