"""Files from strangers may be damaged or hostile: facts, or ModelError, and soon."""

import time
import tracemalloc
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.artifact.facts import facts_of
from edgevision.artifact.model import read_model
from edgevision.artifact.package import remove_card, write_card
from edgevision.artifact.reading import find_card
from edgevision.errors import ModelError
from tests.artifact.conftest import CardOf


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_packaged_files_give_facts_or_a_model_error(
    data: st.DataObject, tmp_path: Path, uint8_model: bytes, card_of: CardOf
) -> None:
    content = bytearray(write_card(uint8_model, card_of(uint8_model)))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(8, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(content), data.draw(st.integers(8, len(content)))]))
    path = tmp_path / "damaged.tflite"
    path.write_bytes(content[:cut])
    with suppress(ModelError):
        facts_of(read_model(path))
    with suppress(ModelError):
        find_card(path)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_files_are_packaged_or_refused(
    data: st.DataObject, uint8_model: bytes, card_of: CardOf
) -> None:
    card = card_of(uint8_model)
    content = bytearray(write_card(uint8_model, card))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ModelError):
        remove_card(bytes(content))
    with suppress(ModelError):
        write_card(bytes(content), card)


def test_hostile_sizes_cost_neither_time_nor_memory(uint8_model: bytes) -> None:
    tracemalloc.start()
    began = time.monotonic()
    for position in range(8, min(len(uint8_model), 600)):
        content = bytearray(uint8_model)
        content[position : position + 4] = b"\xff\xff\xff\x7f"
        with suppress(ModelError):
            facts_of(read_model(bytes(content)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
    assert time.monotonic() - began < 30
