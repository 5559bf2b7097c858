import base64
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from truss_outputs import SettingsError, from_url
from truss_outputs.stores.azure.account import account_of, named_in
from truss_outputs.stores.azure.options import AzureOptions
from truss_outputs.stores.azure.store import AzureStore
from truss_outputs.stores.obstore.store import ObstoreStore
from truss_outputs.stores.options import Engine

KEY = base64.b64encode(b"hunter2" * 9).decode()
STRING = (
    f"DefaultEndpointsProtocol=https;AccountName=pictures;AccountKey={KEY};EndpointSuffix=core.windows.net"
)
SAS = "sv=2024-11-04&sig=hunter2%3D"

engines = pytest.mark.parametrize("engine", ["sdk", "obstore"])


def options(**given: Any) -> AzureOptions:
    hidden = {"account_key", "sas_token", "connection_string"} & set(given)
    return AzureOptions(**{**given, **{name: SecretStr(given[name]) for name in hidden}})


def shown(account: Any) -> tuple[str, str, str | None, str | None]:
    key, token = account.key, account.sas_token
    return (
        account.name,
        account.endpoint,
        key.get_secret_value() if key else None,
        token.get_secret_value() if token else None,
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"account_name": "pictures", "account_key": KEY},
            ("pictures", "https://pictures.blob.core.windows.net", KEY, None),
        ),
        (
            {"account_name": "pictures", "sas_token": f"?{SAS}"},
            ("pictures", "https://pictures.blob.core.windows.net", None, SAS),
        ),
        ({"account_name": "pictures"}, ("pictures", "https://pictures.blob.core.windows.net", None, None)),
        ({"connection_string": STRING}, ("pictures", "https://pictures.blob.core.windows.net", KEY, None)),
        (
            {"connection_string": STRING.replace("core.windows.net", "core.chinacloudapi.cn")},
            ("pictures", "https://pictures.blob.core.chinacloudapi.cn", KEY, None),
        ),
        (
            {
                "connection_string": f"BlobEndpoint=https://pictures.blob.core.windows.net/;SharedAccessSignature={SAS}"
            },
            ("pictures", "https://pictures.blob.core.windows.net", None, SAS),
        ),
        (
            {"endpoint_url": "http://127.0.0.1:10000/pictures/", "account_key": KEY},
            ("pictures", "http://127.0.0.1:10000/pictures", KEY, None),
        ),
    ],
)
def test_the_options_name_the_account(given: dict[str, str], expected: tuple[str, ...]) -> None:
    account = account_of(options(**given), {})
    assert shown(account) == expected
    assert "hunter2" not in repr(account)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_KEY": KEY}, ("mine", KEY, None)),
        ({"AZURE_STORAGE_ACCOUNT_NAME": "mine", "AZURE_STORAGE_ACCOUNT_KEY": KEY}, ("mine", KEY, None)),
        ({"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_SAS_TOKEN": SAS}, ("mine", None, SAS)),
        ({"AZURE_STORAGE_CONNECTION_STRING": STRING}, ("pictures", KEY, None)),
    ],
)
def test_else_azures_own_variables_do(environ: dict[str, str], expected: tuple[str, ...]) -> None:
    name, endpoint, key, token = shown(account_of(AzureOptions(), environ))
    assert (name, key, token) == expected
    assert endpoint == f"https://{name}.blob.core.windows.net"
    assert named_in(environ) == {"account_name": name}


def test_a_variables_key_opens_no_other_account() -> None:
    named = options(account_name="pictures")
    for environ in (
        {"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_KEY": KEY},
        {"AZURE_STORAGE_CONNECTION_STRING": STRING.replace("pictures", "mine")},
    ):
        assert shown(account_of(named, environ))[2:] == (None, None)
        elsewhere = options(endpoint_url="https://pictures.blob.core.windows.net")
        assert shown(account_of(elsewhere, environ))[2:] == (None, None)
    assert shown(account_of(named, {"AZURE_STORAGE_KEY": KEY}))[2:] == (KEY, None)
    own = options(account_name="pictures", sas_token=SAS)
    assert shown(account_of(own, {"AZURE_STORAGE_KEY": KEY}))[2:] == (None, SAS)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "found no storage account; allowed: account_name, or connection_string_secret"),
        (
            {"connection_string": "hunter2"},
            "found no connection string in connection_string_secret; allowed: ",
        ),
        (
            {"endpoint_url": "http://127.0.0.1:1/pictures"},
            "found 'http://127.0.0.1:1/pictures' without a key",
        ),
        ({"connection_string": "UseDevelopmentStorage=true"}, "found no connection string in "),
        (
            {"account_name": "pictures", "account_key": "hunter2!"},
            "found an account key that is none; allowed: base64",
        ),
        (
            {"account_name": "pictures", "account_key": KEY, "storage_class": "Archive"},
            "allowed: Hot, Cool, Cold",
        ),
        (
            {"account_name": "pictures", "account_key": KEY, "metadata": {"cost-centre": "x"}},
            "found the metadata name 'cost-centre'; allowed on Azure: letters, digits and '_'",
        ),
    ],
)
@engines
def test_what_opens_no_account_is_named(
    given: dict[str, Any], problem: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_CONNECTION_STRING"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as caught:
        from_url("az://results/x", options=options(engine=engine, **given))
    assert str(caught.value).startswith("url: found ")
    assert problem in str(caught.value)
    assert "hunter2" not in str(caught.value)


@engines
def test_without_a_key_it_is_microsofts_chain_that_is_asked(engine: Engine) -> None:
    store = from_url("az://results/x", options=options(engine=engine, account_name="pictures"))
    assert isinstance(store, AzureStore if engine == "sdk" else ObstoreStore)
    assert store.url_of("a/b") == "az://results/x/a/b"


@engines
def test_and_its_absence_is_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(
        SettingsError, match=r"^url: no credentials; .* or azure-identity in .* AWS and Google"
    ):
        from_url("az://results/x", options=options(engine=engine, account_name="pictures"))


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    with pytest.raises(
        SettingsError, match="needs azure-storage-blob, which is not installed: add azure-storage"
    ):
        from_url("az://results", options=options(engine="sdk", account_name="pictures", account_key=KEY))


@pytest.mark.parametrize(
    "url", ["az://Results", "az://ab", "az://a--b/x", "az://results/../x", "az://-results"]
)
def test_a_containers_name_is_checked(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^url: found "):
        from_url(url, options=options(account_name="pictures", account_key=KEY))
