"""Without the setting nothing is imported; with it, the error names the extra."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.rest.http_client import ask
from xai_vision.testing import FakeServer, Settings
from xai_vision.testing._eyes import reader

PACKAGES = ("rapidocr", "onnxruntime", "zxingcpp", "cv2")
INSTALL = r"pip install 'xai-vision\[eyes\]'"


@pytest.fixture(params=PACKAGES[:3])
def missing(request, monkeypatch):
    """Let the import of one package fail, and forget a reader that has been loaded."""
    monkeypatch.setitem(sys.modules, request.param, None)
    monkeypatch.setattr(reader, "_reader", None)
    # Packages that the others of this list need are missing in most environments.
    for package in PACKAGES[:3]:
        if package != request.param:
            monkeypatch.setitem(sys.modules, package, sys)
    return request.param


def test_the_error_names_the_extra(missing):
    message = rf"FakeServer\(eyes=True\) needs {missing}: {INSTALL}"
    with pytest.raises(ImportError, match=message):
        FakeServer(eyes=True)
    with FakeServer() as server, pytest.raises(ImportError, match=message):
        server.tenant(eyes=True)


def test_the_admin_api_names_the_extra(missing):
    with FakeServer(admin_token="the-admin-token") as server:
        headers = {"authorization": "Bearer the-admin-token"}
        body = {"settings": {"eyes": True}}
        reply = ask(server, "POST", "/tenants", body, headers=headers, prefix="/__admin")
    assert reply.status == 400
    assert f"needs {missing}: pip install 'xai-vision[eyes]'" in reply.json["error"]


def test_wrong_values():
    with pytest.raises(TypeError, match="eyes must be True or False, not 1"):
        Settings(eyes=1)  # type: ignore[arg-type]


def test_nothing_is_imported_without_the_setting():
    program = f"""
import sys
from tests.sample_images import sample
from tests.testing.grpc_calls import image_part, open_caller
from xai_vision.testing import FakeServer
with FakeServer() as server, open_caller(server) as caller:
    assert "cannot see" in caller.text("Read this.", image_part(sample("photo.jpg")))
names = [*{PACKAGES!r}, "numpy", "xai_vision.testing._eyes"]
print([name for name in names if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
