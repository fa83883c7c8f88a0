"""TLS with the fake server's generated certificate."""

from __future__ import annotations

import grpc
import pytest

from tests.client.drivers import DRIVERS
from xai_vision.errors import CertificateError
from xai_vision.testing import FakeServer


@pytest.fixture(params=DRIVERS)
def kind(request):
    return DRIVERS[request.param]


@pytest.fixture
def secure():
    with FakeServer(tls=True) as running:
        yield running


def test_a_trusted_certificate(kind, secure):
    driver = kind(
        api_key=secure.api_key,
        api_host=secure.target,
        root_certificates=secure.root_certificate,
    )
    assert driver.sample().content
    assert driver.stream()[0].content
    driver.close()


@pytest.mark.parametrize("shape", ["sample", "stream"])
def test_an_untrusted_certificate(kind, secure, shape):
    with FakeServer(tls=True) as other:
        driver = kind(
            api_key=secure.api_key,
            api_host=secure.target,
            root_certificates=other.root_certificate,
        )
        with pytest.raises(CertificateError, match="root_certificates=") as caught:
            getattr(driver, shape)()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert caught.value.attempts == 1, "a retry would not help"
        driver.close()
