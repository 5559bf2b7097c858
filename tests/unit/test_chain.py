"""The chain, run locally with `chains.run_local()`."""

import asyncio
from pathlib import Path

import pytest
import truss_chains
import yaml
from fastapi import HTTPException

from chain.chain import DominantColors, Item, Stored
from truss_outputs import OutputReader, from_url

pytestmark = pytest.mark.truss

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text())
PICTURE = CONFIG["model_metadata"]["example_model_input"]["image"]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OutputReader:
    monkeypatch.setenv("TRUSS_OUTPUTS_URL", tmp_path.as_uri())
    return OutputReader(from_url(tmp_path.as_uri()))


def run(*items: Item) -> Stored:
    with truss_chains.run_local():
        chain = DominantColors()
        return asyncio.run(chain.run_remote(list(items)))


def test_the_items_are_stored_in_one_result_in_their_order(reader: OutputReader) -> None:
    stored = run(Item(image=PICTURE, colors=4), Item(image=PICTURE, colors=1)).model_dump()
    result = reader.load(stored["request_id"])
    first, second = reader.value(result)["items"]
    assert [color["hex"] for color in first["colors"]] == ["#87ceeb", "#1e6fa8", "#e8d39e", "#ffc42e"]
    assert [color["share"] for color in second["colors"]] == [1.0]
    assert [artifact["name"] for artifact in stored["artifacts"]] == [
        "items.0.image.png",
        "items.1.image.png",
    ]


def test_an_item_that_fails_is_recorded_and_the_others_stay(reader: OutputReader) -> None:
    stored = run(Item(image="no image"), Item(image=PICTURE)).model_dump()
    failed, counted = reader.value(reader.load(stored["request_id"]))["items"]
    assert failed["error"].endswith("image must be a data URI or an https URL")
    assert counted["colors"]


def test_if_every_item_fails_so_does_the_request(reader: OutputReader, tmp_path: Path) -> None:
    with pytest.raises(HTTPException, match="image must be a data URI") as caught:
        run(Item(image="no image"), Item(image=""))
    assert caught.value.status_code == 422
    [record] = tmp_path.rglob("*.json")
    assert record.parent.name == "errors"


def test_no_items_make_an_empty_result(reader: OutputReader) -> None:
    assert reader.load(run().model_dump()["request_id"]).data == {"items": []}


def test_the_chain_fits_on_a_page_and_pins_what_the_model_pins() -> None:
    source = (ROOT / "chain/chain.py").read_text()
    assert len(source.splitlines()) <= 80
    assert all(f'"{requirement}"' in source for requirement in CONFIG["requirements"])
