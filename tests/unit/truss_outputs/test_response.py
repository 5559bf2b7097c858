import pytest

from tests.unit.truss_outputs.faulty_store import Fault, FaultyStore
from tests.unit.truss_outputs.model_request import REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, OutputReader, SettingsError, StoreError
from truss_outputs.settings.sections import ResponseSettings

OUTPUT = {"text": "hé", "image": b"x"}


class Lending(MemoryStore):
    def presign(self, key: str, seconds: int) -> str:
        return f"https://bucket.example/{key}?for={seconds}"

    def presign_problem(self, seconds: int) -> str | None:
        return "found too many" if seconds > 1000 else None


def outputs(**settings) -> ModelOutputs:
    return ModelOutputs.of_store(MemoryStore("response"), response=ResponseSettings(**settings))


def test_the_reference_by_default() -> None:
    assert set(outputs().store(OUTPUT, request())) == {"request_id", "url", "attempt", "artifacts"}


def test_inline_is_the_data_with_references_in_it() -> None:
    reference = outputs(form="both").store(OUTPUT, request())
    assert reference["data"] == {"text": "hé", "image": reference["artifacts"][0]}
    answer = outputs(form="inline").store(OUTPUT, request())
    assert answer["text"] == "hé"
    assert answer["image"]["url"].startswith(f"memory://response/{REQUEST}/")


@pytest.mark.parametrize("form", ["inline", "both"])
def test_over_the_limit_the_reference_is_the_answer(form) -> None:
    exact = len('{"text":"hé"}'.encode())
    assert "text" in str(outputs(form=form, inline_limit_bytes=exact).store({"text": "hé"}, request()))
    answer = outputs(form=form, inline_limit_bytes=exact - 1).store({"text": "hé"}, request())
    assert set(answer) == {"request_id", "url", "attempt", "artifacts"}


def test_who_comes_second_answers_with_the_winners_data() -> None:
    store = MemoryStore()
    ModelOutputs.of_store(store).store("first", request())
    second = ModelOutputs.of_store(store, response=ResponseSettings(form="inline"))
    assert second.store("second", request()) == "first"


@pytest.mark.parametrize("form", ["reference", "inline", "both"])
def test_the_winner_answers_without_reading_the_bucket(form) -> None:
    store = FaultyStore()
    ModelOutputs.of_store(store, response=ResponseSettings(form=form)).store(OUTPUT, request())
    assert [method for method, _ in store.calls] == ["put", "put"]


def test_who_comes_second_reads_the_winners_result_once() -> None:
    store = FaultyStore()
    ModelOutputs.of_store(store).store("first", request())
    store.calls.clear()
    second = ModelOutputs.of_store(store, response=ResponseSettings(form="both"))
    assert second.store("second", request())["data"] == "first"
    assert [method for method, _ in store.calls] == ["put", "get"]


@pytest.mark.parametrize(
    "output", [{"n": 1e16, "m": float("nan"), "é": [None, True]}, {"n": float("inf"), "image": b"x"}]
)
def test_the_data_in_hand_is_the_data_that_is_stored(output) -> None:
    store = MemoryStore()
    answer = ModelOutputs.of_store(store, response=ResponseSettings(form="inline")).store(output, request())
    assert answer == OutputReader(store).load(REQUEST).data


def test_a_result_that_is_stored_and_cannot_be_read_now_is_answered_for() -> None:
    store = FaultyStore(faults=[Fault("get", "result.json", lambda url: StoreError(url, "SlowDown"))])
    answer = ModelOutputs.of_store(store, response=ResponseSettings(form="both")).store(1, request())
    assert set(answer) == {"request_id", "url", "attempt", "artifacts", "data"}


def test_urls_are_lent_where_the_store_can() -> None:
    settings = ResponseSettings(presign_seconds=60)
    answer = ModelOutputs.of_store(Lending(), response=settings).store(OUTPUT, request())
    folder = f"https://bucket.example/{REQUEST}"
    assert answer["presigned"] == {
        "seconds": 60,
        "result": f"{folder}/result.json?for=60",
        "artifacts": {"image.bin": f"{folder}/{answer['attempt']}/image.bin?for=60"},
    }


def test_and_else_refused_at_start_up() -> None:
    with pytest.raises(SettingsError, match="presign_seconds: memory://response offers no presigned urls"):
        outputs(presign_seconds=60)


def test_so_are_those_that_the_store_cannot_sign() -> None:
    with pytest.raises(SettingsError, match=r"presign_seconds: memory://default: found too many; leave"):
        ModelOutputs.of_store(Lending("default"), response=ResponseSettings(presign_seconds=1001))
    with pytest.raises(ValueError, match="less than or equal to 604800"):
        ResponseSettings(presign_seconds=604_801)


class Forgetful(Lending):
    def presign(self, key: str, seconds: int) -> str:
        raise StoreError(self.url, "no key could be had")


def test_a_result_that_is_stored_is_answered_for_without_urls(caplog) -> None:
    settings = ResponseSettings(presign_seconds=60)
    answer = ModelOutputs.of_store(Forgetful(), response=settings).store(OUTPUT, request())
    assert set(answer) == {"request_id", "url", "attempt", "artifacts"}
    assert "answered without presigned urls: memory://: no key could be had" in caplog.text


def test_text_stands_for_the_form() -> None:
    section = {"url": "memory://shorthand", "response": "inline"}
    config = {"model_metadata": {"truss_outputs": section}}
    assert ModelOutputs.from_truss(config, {}, environ={}).store([1], request()) == [1]
