"""Fit a network, resume exactly, keep the best.

The batch of update n is drawn from a generator seeded with (seed, n), and every variable, dropout's
seeds included, is in the checkpoint: a run that was interrupted goes on as if it had not been.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ...models.errors import ConfigError, DatasetError
from ...models.interrupt import kept_interrupt
from ..backend import keras, tf
from ..config.config import TrainConfig
from ..config.sections import FitConfig
from ..dataset.dataset import Dataset
from ..network.network import NoteNetwork, build
from ..network.shape import Shape
from .average import AveragedWeights
from .batches import random_batch, tensors
from .curves import restore_curves, write_curves
from .loss import evaluate_pieces, loss_of, losses
from .passages import pieces_of
from .runfolder import begin, check_config, check_tables
from .savedrun import BEST, BROKEN, copy_weights, load_for, save_weights, write_npz
from .suits import check_fields, check_pieces
from .teachers import Teachers, taught

log = logging.getLogger("antiphon.train")


@dataclass
class Progress:
    """How far a run has come; the JSON part of a checkpoint."""

    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    best_step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    """One row a validation: step, seconds, train and valid (nats a note), and each field's valid."""
    finished: bool = False


class Run:
    """A training run in its folder: config.json, last.npz, best.npz, curves.csv, curves.png."""

    def __init__(self, config: TrainConfig, folder: Path) -> None:
        self.config, self.folder = config, folder
        check_config(folder, config)
        self.dataset = Dataset.load(Path(config.dataset))
        check_tables(folder, self.dataset)
        check_fields(config, self.dataset)
        self.codec = self.dataset.codec
        self.pieces = {"train": pieces_of(self.dataset, "train"), "valid": pieces_of(self.dataset, "valid")}
        check_pieces(config, self.dataset, self.pieces)
        self.starts = np.cumsum([0, *(len(p) for p in self.pieces["train"])])
        self.every = config.fit.evaluate_every or evaluations_apart(
            int(self.starts[-1]), config.fit.crop * config.fit.batch
        )
        """Updates from one validation to the next."""
        # Before the network is made: to load one changes the seed and the policy that are set for it.
        self.teachers = Teachers(config.fit.teachers, self.dataset, phrases=config.network.phrases)
        self.network = new_network(config, self.dataset)
        self.optimizer = new_optimizer(config.fit, self.network)
        self.average = AveragedWeights(self.network.trainable_variables, config.fit.average)
        self.progress = Progress()
        self._saved = 0
        self._train_step = tf.function(self._update, reduce_retracing=True)
        self._loss = loss_of(self.network)
        # Last, so that a configuration that cannot work leaves the folder free for one that can.
        begin(folder, config, self.dataset)

    def _update(self, batch: dict[str, Any]) -> Any:
        """Take one optimiser step; return the summed losses."""
        choices = self.teachers.probabilities(batch)
        with tf.GradientTape() as tape:
            logits = self.network(batch, training=True)
            sums = losses(logits, batch)
            loss = tf.reduce_sum(sums[:-1])
            if choices:
                share = self.config.fit.teaching
                loss = (1.0 - share) * loss + share * taught(logits, choices, batch)
            loss /= tf.maximum(sums[-1], 1.0)
        variables = self.network.trainable_variables
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, variables)]
        self.optimizer.apply(gradients, variables)
        self.average.follow(tf.cast(self.optimizer.iterations, tf.float32))
        return sums

    def batch(self, step: int) -> dict[str, Any]:
        """Return the batch of update ``step``."""
        rng = np.random.default_rng([self.config.fit.seed, step])
        return random_batch(self.config, self.codec, self.pieces["train"], self.starts, rng)

    def validate(self) -> np.ndarray:
        """Return the valid split's nats a note by field, under the averaged weights."""
        return evaluate_pieces(self._loss, self.codec, self.pieces["valid"], self.config.network.told)

    def fit(self) -> Progress:
        """Train to the last step, early stopping or Ctrl-C, writing checkpoints on the way."""
        self.resume()
        fit = self.config.fit
        if self.progress.finished:
            log.info("the run is finished, at update %d; another one needs another --out", self.progress.step)
            return self.progress
        what = "characters" if self.codec.is_text else "notes"
        first = min((self.progress.step // self.every + 1) * self.every, fit.steps)
        log.info("training on %d %s; the next losses come at update %d", self.starts[-1], what, first)
        bar = tqdm(total=fit.steps, initial=self.progress.step, unit="step", disable=None)
        started, sums = time.monotonic(), np.zeros(len(self.codec.fields) + 1)
        try:
            while not self.progress.finished:
                sums += self._train_step(tensors(self.batch(self.progress.step))).numpy()
                self.progress.step += 1
                bar.update()
                if self.progress.step % self.every == 0 or self.progress.step == fit.steps:
                    self.progress.seconds += time.monotonic() - started
                    started = time.monotonic()
                    self._checkpoint(float(sums[:-1].sum() / max(sums[-1], 1)), bar)
                    sums[:] = 0
        except KeyboardInterrupt:
            goes_on = (
                f"goes on from update {self._saved}" if self._saved else "begins anew: nothing is kept yet"
            )
            log.warning("stopped; the same command %s", goes_on)
            raise
        finally:
            bar.close()
        return self.progress

    def _checkpoint(self, train: float, bar: Any) -> None:
        """Validate, note it down, and write last and, when it is, best."""
        with self.average.in_place():
            fields = self.validate()
            valid = float(fields.sum())
            if not np.isfinite(valid):
                raise ConfigError(
                    f"at update {self.progress.step} the loss is no number any more: begin anew, in another "
                    "--out, with a smaller fit.learning_rate"
                )
            if valid < self.progress.best:
                self.progress.best, self.progress.best_step = valid, self.progress.step
                save_weights(self.folder / BEST, self.network)
        row = {"step": self.progress.step, "seconds": self.progress.seconds, "train": train, "valid": valid}
        row |= {f"valid_{name}": float(x) for name, x in zip(self.codec.names, fields, strict=True)}
        self.progress.history.append(row)
        waited = (self.progress.step - self.progress.best_step) // self.every
        self.progress.finished = waited >= self.config.fit.patience or self._is_through
        self.save()
        write_curves(self.folder, self.progress.history)
        bar.set_postfix(train=f"{train:.3f}", valid=f"{valid:.3f}", best=f"{self.progress.best:.3f}")
        log.info("update %d: train %.4f, valid %.4f %s", self.progress.step, train, valid, self.unit)

    @property
    def unit(self) -> str:
        """What losses are told in."""
        return "nats a character" if self.codec.is_text else "nats a note"

    @property
    def _is_through(self) -> bool:
        return self.progress.step >= self.config.fit.steps

    def _variables(self) -> list[Any]:
        return [*self.network.variables, *self.optimizer.variables]

    def save(self) -> None:
        """Write last.npz: every variable, the averages and the progress, in one atomic step."""
        arrays = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self._variables())}
        arrays |= {f"a{i}": v.numpy() for i, v in enumerate(self.average.means)}
        arrays["progress"] = np.frombuffer(json.dumps(self.progress.__dict__).encode(), np.uint8)
        with kept_interrupt():  # until it is known what is kept
            write_npz(self.folder / "last.npz", arrays)
            self._saved = self.progress.step

    def resume(self) -> None:
        """Load last.npz when there is one; raises DatasetError when it is broken."""
        path = self.folder / "last.npz"
        if not path.exists():
            return
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                for i, v in enumerate(self._variables()):
                    v.assign(saved[f"v{i}"])
                for i, a in enumerate(self.average.means):
                    a.assign(saved[f"a{i}"])
                self.progress = Progress(**json.loads(bytes(saved["progress"])))
        except BROKEN as error:
            raise DatasetError(f"{path} cannot be read ({error}): delete it to start again") from error
        self._saved = self.progress.step
        restore_curves(self.folder, self.progress.history)
        self.progress.finished |= self._is_through  # old runs said so of patience alone
        if not self.progress.finished:
            log.info("resuming at update %d", self.progress.step)


def new_network(config: TrainConfig, dataset: Dataset) -> NoteNetwork:
    """Return the network that a run begins with: of its seed, or with the best weights of ``fit.start``.

    Raises:
        DatasetError, ConfigError: that run cannot be begun with.
    """
    fit = config.fit
    start = load_for(dataset, Path(fit.start), "fit.start") if fit.start else None
    keras.utils.set_random_seed(fit.seed)
    keras.config.set_dtype_policy(fit.precision)
    network = build(Shape(dataset.codec, len(dataset.metres), config.network))
    if start is not None:
        try:
            copy_weights(start, network)
        except ValueError as error:
            raise ConfigError(f"fit.start: the network of {fit.start} is another one: {error}") from error
    return network


def new_optimizer(fit: FitConfig, network: NoteNetwork) -> Any:
    """Return AdamW for a network's weights: a warm-up, then a cosine; biases and norms do not decay."""
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, fit.steps, warmup_target=fit.learning_rate, warmup_steps=fit.warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=fit.weight_decay, global_clipnorm=fit.clip)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beats", "gamma", "beta"])
    optimizer.build(network.trainable_variables)
    return optimizer


def evaluations_apart(notes: int, a_batch: int) -> int:
    """Return after how many updates a loss is worth measuring: four passes over the notes, within limits.

    A network learns fifty tunes by heart within two hundred updates; its best moment lies before.
    """
    return min(max(round(4 * notes / a_batch), 25), 200)
