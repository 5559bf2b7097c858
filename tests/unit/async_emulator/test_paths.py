import pytest

from async_emulator.paths import Address, address_of


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/predict", Address("predict")),
        ("/production/wake", Address("wake", environment="production")),
        ("/development/predict", Address("predict", environment="development")),
        ("/environments/staging/run_remote", Address("run_remote", environment="staging")),
        ("/deployment/d1/async_predict", Address("async_predict", deployment_id="d1")),
    ],
)
def test_what_a_path_means(path, address):
    assert address_of(path) == address


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "//predict", "/staging/predict", "/production/", "/environments//predict"),
        *("/deployment//predict", "/environments/a/b/predict", "/production/production/predict"),
        "/deployment/d1/predict/",
    ],
)
def test_any_other_path_means_nothing(path):
    assert address_of(path) is None
