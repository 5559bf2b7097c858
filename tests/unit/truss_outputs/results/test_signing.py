import hashlib
import hmac

import pytest
from fastapi import HTTPException

from tests.unit.truss_outputs.model_request import MARKER, REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, OutputReader, OutputWriter, SettingsError
from truss_outputs.destinations import Place, Places
from truss_outputs.results.failures import failure_key, stored_failures
from truss_outputs.results.signing import sealed, signature, unsealed
from truss_outputs.settings.sections import ResponseSettings

SECRET = "whsec_" + "a1B2c3D4e5" * 4


def config(name: str) -> dict[str, object]:
    section = {"url": f"memory://{name}", "signature": "hook"}
    return {"secrets": {"hook": None}, "model_metadata": {"truss_outputs": section}}


def test_the_signature_is_the_platforms() -> None:
    assert signature(b"{}", SECRET) == f"v1={hmac.new(SECRET.encode(), b'{}', hashlib.sha256).hexdigest()}"


def test_a_sealed_document_opens_to_the_very_bytes_that_were_signed() -> None:
    document = b'{"data":"}}","truss_outputs":{"format":1}}'
    whole = sealed(document, SECRET)
    assert whole == document[:-2] + b',"signature":"' + signature(document, SECRET).encode() + b'"}}'
    assert unsealed(whole) == (document, signature(document, SECRET))
    assert unsealed(document) == (document, None)


def test_a_document_of_another_kind_is_not_signed() -> None:
    with pytest.raises(ValueError, match="only the document of a stored result"):
        sealed(b"[]", SECRET)


def test_a_stored_result_is_signed_with_the_commit_and_reads_as_before() -> None:
    secrets = {"hook": SECRET + "\n"}
    outputs = ModelOutputs.from_truss(config("signed"), secrets, environ={})
    outputs.store({"image": b"x", "text": "hé"}, request())
    store = MemoryStore.named("signed")
    document, found = unsealed(store.get(MARKER))
    assert found == signature(document, SECRET)
    reader = OutputReader(store)
    assert reader.value(reader.load(REQUEST)) == {"image": b"x", "text": "hé"}
    assert len(list(store.list())) == 2  # a signature of its own would be a second truth
    outputs.check()


def test_a_signed_result_is_presigned_too() -> None:
    class Lending(MemoryStore):
        def presign(self, key: str, seconds: int) -> str:
            return f"https://bucket.example/{key}"

        def presign_problem(self, seconds: int) -> None:
            return None

    store = Lending("lending")
    place = Place(store=store, writer=OutputWriter(store, signing_secret=lambda: SECRET))
    places = Places(lambda environment, destination: store.url, lambda url, destination: place)
    outputs = ModelOutputs(places, response=ResponseSettings(presign_seconds=9))
    answer = outputs.store(1, request())
    assert answer["presigned"]["result"] == f"https://bucket.example/{MARKER}"
    assert unsealed(store.get(MARKER))[1]


def test_a_secret_that_was_rotated_signs_the_next_result() -> None:
    secrets = {"hook": "whsec_old"}
    outputs = ModelOutputs.from_truss(config("rotated"), secrets, environ={})
    secrets["hook"] = "whsec_new"
    outputs.store(1, request())
    document, found = unsealed(MemoryStore.named("rotated").get(MARKER))
    assert found == signature(document, "whsec_new")


@pytest.mark.parametrize("secrets", [{}, {"hook": ""}, {"hook": " \n"}])
def test_without_the_secret_the_model_does_not_start(secrets) -> None:
    with pytest.raises(SettingsError, match="signature: the secret 'hook' is missing: declare it"):
        ModelOutputs.from_truss(config("unsigned"), secrets, environ={})


def test_a_secret_that_goes_missing_fails_the_request_and_stores_no_result() -> None:
    secrets = {"hook": SECRET}
    outputs = ModelOutputs.from_truss(config("gone"), secrets, environ={})
    secrets.clear()
    with pytest.raises(HTTPException, match="the secret 'hook' is missing"):
        outputs.store({"image": b"x"}, request())
    outputs.store_failure(ValueError("no result"), request())
    store = MemoryStore.named("gone")
    [failure] = stored_failures(store, REQUEST)
    assert [entry.key for entry in store.list()] == [
        failure_key(REQUEST, failure.truss_outputs.attempt)
    ]  # neither a result nor its artifacts
