import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from edgevision.camera.loop.mailbox import BoundedQueue, LatestSlot


def test_slot_gives_the_newest_and_counts_the_rest() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for item in range(5):
        slot.put(item)
    assert slot.take(0) == 4
    assert slot.dropped == 4
    assert slot.take(0) is None


@given(st.lists(st.booleans(), max_size=60))
def test_every_item_put_in_a_slot_is_taken_or_counted(puts: list[bool]) -> None:
    slot: LatestSlot[int] = LatestSlot()
    taken = 0
    for index, is_put in enumerate(puts):
        if is_put:
            slot.put(index)
        elif slot.take(0) is not None:
            taken += 1
    taken += slot.take(0) is not None
    assert taken + slot.dropped == sum(puts)


def test_slot_wakes_its_taker_at_once() -> None:
    slot: LatestSlot[str] = LatestSlot()
    threading.Timer(0.05, slot.put, ["frame"]).start()
    began = time.monotonic()
    assert slot.take(120) == "frame"
    assert time.monotonic() - began < 60


def test_closing_a_slot_wakes_its_taker() -> None:
    slot: LatestSlot[str] = LatestSlot()
    threading.Timer(0.05, slot.close).start()
    began = time.monotonic()
    assert slot.take(120) is None
    assert time.monotonic() - began < 60
    assert slot.is_drained


def test_what_comes_after_closing_is_dropped() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.close()
    slot.put(1)
    assert slot.take(0) is None
    assert slot.dropped == 1


def test_the_last_item_can_be_taken_after_closing() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    assert not slot.is_drained
    assert slot.take(0) == 1
    assert slot.is_drained


def test_line_keeps_order_and_drops_nothing() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)

    def put_all() -> None:
        for item in range(50):
            queue.put(item)

    thread = threading.Thread(target=put_all)
    thread.start()
    taken = [queue.take(60) for _ in range(50)]
    thread.join()
    assert taken == list(range(50))
    assert queue.dropped == 0


def test_full_line_makes_the_putter_wait() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.put(0)
    thread = threading.Thread(target=queue.put, args=(1,))
    thread.start()
    thread.join(0.1)
    assert thread.is_alive()
    assert queue.take(0) == 0
    thread.join(60)
    assert not thread.is_alive()


def test_closing_a_line_frees_a_waiting_putter() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.put(0)
    thread = threading.Thread(target=queue.put, args=(1,))
    thread.start()
    queue.close()
    thread.join(60)
    assert not thread.is_alive()
    assert queue.dropped == 1
    assert queue.take(0) == 0
    assert queue.is_drained
