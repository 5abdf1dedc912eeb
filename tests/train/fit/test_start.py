"""A run that begins with another's weights goes on from there; one that cannot is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from antiphon.models.errors import ConfigError, DatasetError
from antiphon.train.config.config import TrainConfig
from antiphon.train.fit.fit import Run
from antiphon.train.fit.savedrun import load_run
from made_music import write_dataset
from small_run import small_config


def config_for(dataset: Path, network: dict[str, Any] | None = None, **fit: Any) -> TrainConfig:
    usual = {"batch": 8, "steps": 40, "evaluate_every": 40, "average": 0.9, "learning_rate": 0.02}
    return small_config(dataset, {"dropout": 0.0, **(network or {})}, **{**usual, **fit})


@pytest.fixture(scope="module")
def before(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before")
    Run(config_for(music), folder).fit()
    return folder


def test_it_begins_where_the_other_was_best(music: Path, before: Path, tmp_path: Path) -> None:
    run = Run(config_for(music, {"dropout": 0.1}, start=str(before)), tmp_path / "run")
    _, _, network = load_run(before)
    for theirs, own, average in zip(
        network.trainable_variables, run.network.trainable_variables, run.average.means, strict=True
    ):
        np.testing.assert_array_equal(theirs.numpy(), own.numpy())
        np.testing.assert_array_equal(theirs.numpy(), average.numpy())


def test_a_few_updates_more_are_better_than_a_few_alone(music: Path, before: Path, tmp_path: Path) -> None:
    few = {"steps": 4, "evaluate_every": 4}
    alone = Run(config_for(music, **few), tmp_path / "alone").fit()
    more = Run(config_for(music, start=str(before), **few), tmp_path / "more").fit()
    assert more.best < alone.best - 0.1


def test_the_seed_is_its_own(music: Path, before: Path, tmp_path: Path) -> None:
    """Dropout and passages are what they are without a start, so that a run can be repeated."""
    once, again = (
        Run(config_for(music, {"dropout": 0.3}, start=str(before), steps=3), tmp_path / name)
        for name in ("once", "again")
    )
    assert once.fit().best == again.fit().best


@pytest.mark.parametrize(
    ("network", "told"),
    [({"units": 16}, "its units is 12, not 16"), ({"relative_pitch": False}, "its relative_pitch is True")],
)
def test_another_network_is_refused(
    music: Path, before: Path, tmp_path: Path, network: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=rf"fit\.start: the network of .* is another one: {told}"):
        Run(config_for(music, network, start=str(before)), tmp_path / "run")


def test_another_codec_is_refused(before: Path, tmp_path: Path) -> None:
    other = write_dataset(tmp_path / "one", pieces=4, notes=20, parts=1)
    with pytest.raises(ConfigError, match=r"fit\.start: .* has other fields or metres"):
        Run(config_for(other, start=str(before)), tmp_path / "run")


def test_what_was_refused_leaves_its_folder_free(music: Path, before: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nobody is no run with weights"):
        Run(config_for(music, start=str(tmp_path / "nobody")), tmp_path / "run")
    Run(config_for(music, start=str(before)), tmp_path / "run")
