"""What an update is made of, and what of it is kept: averages, best weights, batches, decay, the cosine."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from antiphon.train.fit.fit import Run
from antiphon.train.fit.savedrun import load_run
from small_run import small_config

Weights = list[np.ndarray]


config_for = partial(small_config, steps=6, evaluate_every=2, warmup=0)


def weights_of(network: Any) -> Weights:
    return [keras.ops.convert_to_numpy(v) for v in network.trainable_variables]


def alike(some: Weights, others: Weights) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def test_the_best_weights_are_averages_of_the_update_that_was_best(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three validations the second is the best; what it measured is what is kept."""
    run = Run(config_for(music), tmp_path / "run")
    losses, measured, averages, raw = [3.0, 1.0, 2.0], [], [], []

    def validate() -> np.ndarray:
        measured.append(weights_of(run.network))
        return np.full(4, losses[len(measured) - 1])

    def save() -> None:
        averages.append([average.numpy() for average in run.average.means])
        raw.append(weights_of(run.network))

    monkeypatch.setattr(run, "validate", validate)
    monkeypatch.setattr(run, "save", save)
    progress = run.fit()
    assert (progress.best, progress.best_step) == (4.0, 4)
    kept = weights_of(load_run(tmp_path / "run")[2])
    assert alike(kept, averages[1])
    assert alike(kept, measured[1])
    assert not alike(kept, raw[1])
    assert not alike(kept, averages[2])


def test_a_run_goes_on_with_its_averages(music: Path, tmp_path: Path) -> None:
    config = config_for(music, steps=2)
    run = Run(config, tmp_path / "run")
    run.fit()
    again = Run(config, tmp_path / "run")
    again.resume()
    assert alike([a.numpy() for a in again.average.means], [a.numpy() for a in run.average.means])
    assert not alike([a.numpy() for a in again.average.means], weights_of(again.network))


def test_every_update_draws_its_own_batch_and_draws_it_again(music: Path, tmp_path: Path) -> None:
    run = Run(config_for(music), tmp_path / "run")
    drawn = [run.batch(step)["target"] for step in (0, 1, 2, 1)]
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])
    assert np.array_equal(drawn[1], drawn[3])


def test_batches_are_transposed_and_told_the_bars_that_remain(music: Path, tmp_path: Path) -> None:
    """The same passages either way: ends are told to all or none, and every pitch moves by three."""
    plain = Run(config_for(music, known_end=0.0), tmp_path / "plain").batch(0)
    moved = Run(config_for(music, known_end=1.0, transpose=[3, 3]), tmp_path / "moved").batch(0)
    notes = plain["counted"] > 0
    assert np.array_equal(moved["counted"] > 0, notes)
    pitch = [batch["target"][notes][:, 2] for batch in (plain, moved)]
    assert np.array_equal(pitch[1] - pitch[0], np.full(notes.sum(), 3))
    assert (plain["conditions"][..., 1] == 0).all()
    assert (moved["conditions"][notes][:, 1] > 0).all()


def updated(music: Path, folder: Path, **fit: Any) -> tuple[Run, Weights, Weights]:
    """Return a run after its only update, and its weights before and after; no bias begins at 0."""
    run = Run(config_for(music, steps=1, average=0.0, learning_rate=0.01, **fit), folder)
    for bias in (v for v in run.network.trainable_variables if v.name == "bias"):
        bias.assign(bias + 0.1)
    before = weights_of(run.network)
    run.fit()
    return run, before, weights_of(run.network)


def test_weights_decay_except_biases(music: Path, tmp_path: Path) -> None:
    """Loshchilov and Hutter 2019: beside its gradient's step a weight loses learning rate times decay."""
    run, before, plain = updated(music, tmp_path / "plain", weight_decay=0.0)
    _, same, decayed = updated(music, tmp_path / "decayed", weight_decay=5.0)
    assert alike(before, same)
    names = [v.name for v in run.network.trainable_variables]
    assert {"kernel", "bias"} <= set(names)
    for name, old, a, b in zip(names, before, plain, decayed, strict=True):
        if name in ("kernel", "bias"):
            share = 0.05 if name == "kernel" else 0.0
            np.testing.assert_allclose(a - b, share * old, atol=1e-5, err_msg=name)


def test_a_gradient_is_clipped(music: Path, tmp_path: Path) -> None:
    """Adam takes no account of a gradient's length until it is as short as its epsilon."""
    _, before, after = updated(music, tmp_path / "run", weight_decay=0.0, clip=1e-12)
    assert max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True)) < 1e-5


def test_after_the_warm_up_the_cosine_is_as_long_as_the_steps(music: Path, tmp_path: Path) -> None:
    run = Run(config_for(music, steps=100, warmup=10, learning_rate=0.01), tmp_path / "run")
    for updates, share in ((5, 0.5), (10, 1.0), (60, 0.5), (110, 0.0)):
        run.optimizer.iterations.assign(updates)
        assert float(run.optimizer.learning_rate) == pytest.approx(0.01 * share, abs=1e-6), updates
