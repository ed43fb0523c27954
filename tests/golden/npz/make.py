#!/usr/bin/env python3
"""Writes the npz files of this folder with NumPy 2.4, which the reader of core/base is compared with.

arrays.npz is stored, deflated.npz is deflated; both hold the same arrays. toy_rewards.npz and toy_states.npz are
for the training set of tests/contract/toy.h: 11 events and 3 sequences of 8 items, with a pool of all other items.
"""
import numpy as np

arrays = {
    "float32": np.arange(12, dtype="<f4").reshape(3, 4) / 4,
    "float64": np.array([1e300, -0.1]),
    "float16": np.array([[0.5], [-2]], dtype="<f2"),
    "int64": np.array([[1, 2**40], [-3, 0]], dtype="<i8"),
    "int32": np.int32(7),
    "empty": np.zeros((0, 3), dtype="<f4"),
    "words": np.array([b"one", b"three"]),
    "fortran": np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)),
    "big_endian": np.array([1.0], dtype=">f4"),
}
np.savez("arrays.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)

# Event e has the reward 10 e + i for item i: the logged one first, then those of its pool.
logged = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 7]
rows = [[own] + [item for item in range(1, 9) if item != own] for own in logged]
rewards = np.array([[10 * event + item for item in row] for event, row in enumerate(rows)], dtype="<f8")
np.savez_compressed("toy_rewards.npz", rewards=rewards, pool=np.array(rows, dtype="<i4")[:, 1:])
np.savez("toy_states.npz", states=np.array([[place, place / 8] for place in range(14)], dtype="<f4"))
