import pytest
from fastapi import HTTPException

from tests.unit.truss_outputs.model_request import REQUEST, request
from truss_outputs import MemoryStore, ModelOutputs, OutputReader, OutputWriter, SettingsError
from truss_outputs.destinations import Place, Places


def url_of(environment: str | None, destination: str | None) -> str:
    if destination not in (None, "archive"):
        raise SettingsError("destination", f"found {destination!r}; allowed: archive")
    if environment == "closed":
        raise SettingsError("url", "no url for the environment 'closed'")
    return f"memory://{environment or 'nowhere'}-{destination or 'default'}"


def places(environment: dict[str, str] | None = None) -> tuple[Places, list[str]]:
    opened: list[str] = []

    def open_place(url: str, destination: str | None) -> Place:
        opened.append(url)
        store = MemoryStore(url.partition("://")[2])
        return Place(store=store, writer=OutputWriter(store))

    return Places(url_of, open_place, environment=environment), opened


def test_a_promotion_changes_where_the_next_write_goes() -> None:
    where, opened = places({"name": "staging"})
    outputs = ModelOutputs(where)
    assert outputs.store(1, request())["url"] == f"memory://staging-default/{REQUEST}/result.json"
    outputs.setup_environment({"name": "production"})
    assert where.environment == "production"
    assert outputs.store(2, request())["url"] == f"memory://production-default/{REQUEST}/result.json"
    outputs.setup_environment(None)
    assert where.environment is None
    assert opened == ["memory://staging-default", "memory://production-default"]


def test_a_store_is_opened_once() -> None:
    where, opened = places()
    assert where.place() is where.place()
    assert where.place("archive") is where.place("archive")
    assert opened == ["memory://nowhere-default", "memory://nowhere-archive"]


def test_what_is_being_written_stays_where_it_is() -> None:
    where, _ = places({"name": "staging"})
    place = where.place()
    where.enter({"name": "production"})
    place.writer.write(1, REQUEST)
    assert OutputReader(place.store).load(REQUEST).data == 1


def test_a_request_chooses_a_destination_by_name() -> None:
    outputs = ModelOutputs(places()[0])
    answer = outputs.store(1, request(), destination="archive")
    assert answer["url"].startswith("memory://nowhere-archive/")
    url = outputs.store_failure(ValueError(), request(), destination="archive")
    assert str(url).startswith("memory://nowhere-archive/")


@pytest.mark.parametrize("destination", ["memory://other", "../archive", ""])
def test_and_by_nothing_else_which_is_the_requests_fault(destination) -> None:
    with pytest.raises(HTTPException) as caught:
        ModelOutputs(places()[0]).store(1, request(), destination=destination)
    assert (caught.value.status_code, caught.value.detail) == (
        422,
        f"destination: found {destination!r}; allowed: archive",
    )


def test_an_environment_without_a_place_fails_loudly_and_writes_nowhere_else() -> None:
    where, opened = places({"name": "staging"})
    outputs = ModelOutputs(where)
    with pytest.raises(SettingsError, match="closed"):
        outputs.setup_environment({"name": "closed"})
    with pytest.raises(HTTPException) as caught:
        outputs.store(1, request())
    assert caught.value.status_code == 500
    assert opened == ["memory://staging-default"]


def test_the_settings_of_a_truss_say_where() -> None:
    section = {
        "url": "memory://set-default",
        "environments": {"production": {"url": "memory://set-production"}},
        "destinations": {"archive": "memory://set-archive"},
    }
    config = {"model_metadata": {"truss_outputs": section}}
    outputs = ModelOutputs.from_truss(config, {}, environment={"name": "production"}, environ={})
    urls = [outputs.store(1, request())["url"], outputs.store(1, request(), destination="archive")["url"]]
    outputs.setup_environment(None)
    urls.append(outputs.store(1, request())["url"])
    places = ("set-production", "set-archive", "set-default")
    assert urls == [f"memory://{name}/{REQUEST}/result.json" for name in places]
    outputs.check()
    with pytest.raises(HTTPException, match=r"there is no destination 'x'; allowed: archive") as caught:
        outputs.store(1, request(), destination="x")
    assert caught.value.status_code == 422


def test_a_truss_in_no_environment_and_of_no_model_has_a_place_too(tmp_path) -> None:
    section = {"url": f"{tmp_path.as_uri()}/{{environment}}/{{model_id}}"}
    config = {"model_metadata": {"truss_outputs": section}}
    ModelOutputs.from_truss(config, {}, environ={}).store(1, request())
    ModelOutputs.from_truss(config, {}, environment={"name": "e"}, environ={"BT_MODEL_ID": "m"}).store(
        1, request()
    )
    stored = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("result.json")}
    assert stored == {f"none/none/{REQUEST}/result.json", f"e/m/{REQUEST}/result.json"}
