"""Files from strangers may be damaged or hostile: facts, or ModelError, and soon."""

import copy
import io
import time
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.card.read import find_card
from edgevision.card.write import remove_card, write_card
from edgevision.errors import ModelError
from edgevision.tflite.envelope.associated import archive_start
from edgevision.tflite.facts import facts_of
from edgevision.tflite.read import read_model
from tests.card.conftest import CardOf
from tests.tflite.models import classifier, pack, unpack


@settings(
    max_examples=400,
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
    began = time.process_time()
    for position in range(8, min(len(uint8_model), 600)):
        content = bytearray(uint8_model)
        content[position : position + 4] = b"\xff\xff\xff\x7f"
        with suppress(ModelError):
            facts_of(read_model(bytes(content)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
    assert time.process_time() - began < 60


def test_tensors_that_share_one_buffer_cost_it_once() -> None:
    model = unpack(classifier("float32"))
    model.buffers[1].data = np.zeros(1_000_000, np.uint8)
    model.subgraphs[0].tensors += [model.subgraphs[0].tensors[1]] * 2000
    content = pack(model)
    tracemalloc.start()
    tensors = read_model(content).tensors
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(tensor.data is tensors[1].data for tensor in tensors) == 2001
    assert peak < 20_000_000


def test_buffers_that_lie_on_top_of_each_other_are_refused() -> None:
    # 2000 buffers, each all of the same megabyte: two gigabytes to whoever believes it.
    model = unpack(classifier("float32"))
    model.buffers[1].data = np.zeros(1_000_000, np.uint8)
    for _ in range(2000):
        buffer = schema.BufferT()
        buffer.offset, buffer.size = 4096, 1_000_000
        model.buffers.append(buffer)
        tensor = copy.copy(model.subgraphs[0].tensors[1])
        tensor.buffer = len(model.buffers) - 1
        model.subgraphs[0].tensors.append(tensor)
    content = pack(model)
    tracemalloc.start()
    with pytest.raises(ModelError, match="on top of each other"):
        read_model(content)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_what_is_left_of_a_damaged_archive_is_not_gone_on_with(
    uint8_model: bytes, card_of: CardOf
) -> None:
    card = card_of(uint8_model)
    content = bytearray(write_card(uint8_model, card))
    # No longer an entry's header: what follows is not seen as the archive it was.
    content[archive_start(bytes(content))] ^= 1
    again = write_card(bytes(content), card)
    with zipfile.ZipFile(io.BytesIO(again)) as archive:
        assert archive.namelist() == ["labels.txt"]
