"""A network that is taught learns its teachers' choices; teachers that do not fit are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from antiphon.models.errors import ConfigError, DatasetError
from antiphon.train.dataset.dataset import Dataset
from antiphon.train.fit.fit import Run
from antiphon.train.fit.teachers import Teachers, taught
from made_music import write_dataset
from scipy.special import log_softmax, softmax
from small_run import small_config

config_for = partial(
    small_config,
    network={"dropout": 0.0}, batch=8, steps=30, evaluate_every=30, average=0.5, learning_rate=0.02,
)  # fmt: skip


@pytest.fixture(scope="module")
def teachers(music: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    folders = [tmp_path_factory.mktemp(f"teacher{seed}") for seed in (1, 2)]
    for seed, folder in enumerate(folders):
        Run(config_for(music, seed=seed), folder).fit()
    return tuple(map(str, folders))


def batch_of(run: Run) -> dict[str, Any]:
    return {name: tf.constant(values) for name, values in run.batch(0).items()}


def test_the_lesson_is_cross_entropy_under_the_mean_of_the_teachers(
    music: Path, teachers: tuple[str, ...], tmp_path: Path
) -> None:
    run = Run(config_for(music, teachers=list(teachers)), tmp_path / "run")
    batch = batch_of(run)
    expected = 0.0
    own = run.network(batch, training=False)
    for i, (name, logits) in enumerate(own.items()):
        each = [softmax(t(batch, training=False)[name].numpy(), axis=-1) for t in run.teachers.networks]
        assert not np.allclose(each[0], each[1], atol=1e-3)
        losses = -(np.mean(each, axis=0) * log_softmax(logits.numpy(), axis=-1)).sum(-1)
        expected += float((losses * batch["weight"].numpy()[..., i]).sum())
    said = run.teachers.probabilities(batch)
    assert float(taught(own, said, batch)) == pytest.approx(expected, rel=1e-4)


def test_what_was_cut_off_is_no_lesson(music: Path, teachers: tuple[str, ...], tmp_path: Path) -> None:
    run = Run(config_for(music, teachers=list(teachers)), tmp_path / "run")
    batch = batch_of(run)
    own, said = run.network(batch, training=False), run.teachers.probabilities(batch)
    assert float(taught(own, said, {**batch, "censored": tf.ones_like(batch["weight"])})) == 0.0


def test_a_taught_network_comes_nearer_to_its_teachers(
    music: Path, teachers: tuple[str, ...], tmp_path: Path
) -> None:
    away = {}
    for teaching in (0.0, 1.0):
        config = config_for(music, seed=3, teachers=list(teachers), teaching=teaching, steps=60)
        run = Run(config, tmp_path / str(teaching))
        run.fit()
        batch = batch_of(run)
        lesson = taught(run.network(batch, training=False), run.teachers.probabilities(batch), batch)
        away[teaching] = float(lesson)
    assert away[1.0] < away[0.0]


def test_teachers_change_neither_seed_nor_the_music_s_own_loss(
    music: Path, teachers: tuple[str, ...], tmp_path: Path
) -> None:
    alone = Run(config_for(music), tmp_path / "alone")
    beside = Run(config_for(music, teachers=list(teachers), teaching=0.0), tmp_path / "beside")
    alone.fit()
    beside.fit()
    for a, b in zip(alone.network.trainable_variables, beside.network.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-4)


def test_a_teacher_of_other_fields_is_refused(music: Path, teachers: tuple[str, ...], tmp_path: Path) -> None:
    other = Dataset.load(write_dataset(tmp_path / "one", pieces=4, notes=20, parts=1))
    with pytest.raises(ConfigError, match="other fields or metres"):
        Teachers(teachers, other)


def test_a_teacher_that_learned_what_is_held_out_is_refused(
    music: Path, teachers: tuple[str, ...], tmp_path: Path
) -> None:
    folder = write_dataset(tmp_path / "swapped", pieces=6, notes=30)
    names = json.loads((folder / "train.names.json").read_text())
    (folder / "test.names.json").write_text(json.dumps(names[:2]))
    with pytest.raises(ConfigError, match="holds out a piece of that name"):
        Teachers(teachers, Dataset.load(folder))


def test_a_teacher_that_knows_no_phrases_teaches_nobody_who_does(
    music: Path, teachers: tuple[str, ...], tmp_path: Path
) -> None:
    config = config_for(music, teachers=list(teachers))
    told = replace(config, network=replace(config.network, phrases=True))
    with pytest.raises(ConfigError, match=f"{teachers[0]} knows no phrases"):
        Run(told, tmp_path / "run")


def test_a_missing_teacher_is_named(music: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nobody is no run with weights"):
        Run(config_for(music, teachers=[str(tmp_path / "nobody")]), tmp_path / "run")
