"""What an epoch is predicted to cost: more for more of anything, and never nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hpsearch.training.epoch_cost import epoch_ticks

counts = st.integers(0, 10**9)


@given(counts, counts, st.integers(1, 10**4), st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_of_anything_costs_no_less(parameters: int, products: int, batch: int, samples: int, more: int) -> None:
    def ticks(parameters: int, products: int, batch: int, samples: int) -> int:
        costs = {"parameters": parameters, "multiply_adds": products}
        return epoch_ticks(costs, {"batch_size": batch}, samples)

    least = ticks(parameters, products, batch, samples)
    assert least >= 1
    assert least <= ticks(parameters + more, products, batch, samples)
    assert least <= ticks(parameters, products + more, batch, samples)
    assert least <= ticks(parameters, products, batch, samples + more)
    assert least >= ticks(parameters, products, batch + more, samples)


def test_the_whole_set_is_one_step_and_what_is_not_given_is_the_default() -> None:
    costs = {"parameters": 1000, "multiply_adds": 1000}
    assert epoch_ticks(costs, {"batch_size": "full"}, 5000) == epoch_ticks(costs, {"batch_size": 5000}, 5000)
    assert epoch_ticks(costs, {}, 5000) == epoch_ticks(costs, {"batch_size": 64}, 5000)
    assert epoch_ticks({}, {}, 0) == 100


def test_a_wide_network_in_small_batches_takes_many_times_as_long_as_a_narrow_one_in_large_ones() -> None:
    wide = epoch_ticks({"parameters": 2_000_000, "multiply_adds": 2_000_000}, {"batch_size": 32}, 55_000)
    narrow = epoch_ticks({"parameters": 13_000, "multiply_adds": 13_000}, {"batch_size": 512}, 55_000)
    assert 30 < wide / narrow < 100  # 17 s and 0.2 s on one core
