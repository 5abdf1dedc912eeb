"""The tables of a training configuration, [network], [fit] and [card], and what each key is by default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Told = Literal["nothing", "end", "phrase"]
"""What a passage is told of the bars to come."""


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network."""

    cell: Literal["lstm", "gru", "transformer"] = "gru"
    """What the layers are: LSTM (Hochreiter and Schmidhuber 1997), GRU (Cho et al. 2014) or the blocks of
    a Transformer's decoder (Vaswani et al. 2017)."""
    units: int = 256
    """Width of each layer."""
    layers: int = 1
    """Layers, or blocks."""
    layer_norm: bool = False
    """Normalise what each recurrent layer hands on; a Transformer always does."""
    residual: bool = False
    """Add what a recurrent layer reads to what it hands on, from the second on."""
    head_units: int = 192
    """Width of each field's hidden layer."""
    embedding: int = 48
    """Width of each input's embedding."""
    attention_heads: int = 2
    """0 leaves attention out: a plain LSTM or GRU. Of a Transformer, the heads of a block."""
    attention_layer: int = -1
    """The recurrent layer whose output attention reads and adds to; -1 is the last one."""
    attention_position: Literal["bars", "beats", "both"] = "bars"
    """What attention knows of the distance: bars apart and whether on the same place, or beats."""
    attention_values: Literal["next", "own"] = "next"
    """What a recurrent network's attention reads: the note after a step like this one, or its own."""
    key_size: int = 32
    """Width of attention's queries and keys, a head."""
    value_size: int = 48
    """Width of what attention reads, a head."""
    memory: int = 256
    """How many notes back attention reaches; at least 2."""
    relative_pitch: bool = True
    """Read and choose pitches as intervals: music is much alike in every key. The register is read, too."""
    sounding: bool = False
    """Read what is still sounding; for polyphony."""
    sounding_ahead: bool = False
    """Tell the fields after delta what sounds, is struck and ends at the new note's onset."""
    roll: bool = False
    """Give no probability to what a piano roll cannot hold: a pitch that sounds or has just ended, or one
    below another of the same onset."""
    tonic: bool = False
    """Read and choose pitches by their distance from the tonic as well, where it is told."""
    phrases: bool = False
    """Be told the place of a bar in its phrase of eight, where the end is not known."""
    voices: bool = False
    """Read each part's last pitch, and choose pitches relative to it as well; for several parts."""
    dropout: float = 0.25
    """After each recurrent layer and in the heads."""
    embedding_dropout: float = 0.0
    """Of what the first layer reads."""
    ahead_dropout: float = 0.0
    """Of what `sounding_ahead` tells."""
    recurrent_dropout: float = 0.0
    """Of what a recurrent layer carries over (Gal and Ghahramani 2016); trains slower."""

    @property
    def attends_after(self) -> int:
        """The recurrent layer after which attention comes, from 0."""
        return self.attention_layer % self.layers

    @property
    def blocks(self) -> int:
        """How many layers keep a memory of their own, each of ``attention_heads`` heads."""
        return self.layers if self.cell == "transformer" else 1

    @property
    def told(self) -> Told:
        """What held-out pieces tell it of the bars to come: what a bridge does that continues music."""
        return "phrase" if self.phrases else "nothing"


@dataclass(frozen=True)
class FitConfig:
    """How it is trained."""

    seed: int = 1
    """The same seed, data and machine give the same run."""
    crop: int = 256
    """Notes a training passage."""
    batch: int = 24
    """Passages a batch."""
    steps: int = 2000
    """Updates in all; after the warm-up the learning rate falls along a cosine that is this long."""
    warmup: int = 30
    """Updates over which the learning rate rises to its full value."""
    learning_rate: float = 3e-3
    """Of AdamW, at its highest."""
    weight_decay: float = 0.01
    """Of AdamW."""
    clip: float = 1.0
    """Largest global norm of the gradient."""
    average: float = 0.99
    """Decay of the averaged weights; 0 turns them off."""
    evaluate_every: int = 0
    """Updates between validations, each of which also writes a checkpoint; 0: four passes over the notes,
    from 25 updates for a few tunes to 200."""
    patience: int = 10
    """Validations without a better loss before it stops early."""
    transpose: tuple[int, int] = (0, 0)
    """Range of random transposition in semitones; refused for drums and text."""
    transposed: float = 1.0
    """Share of passages that are transposed."""
    known_end: float = 0.5
    """Share of passages that are told how many bars remain."""
    known_phrase: float = 0.7
    """Share of passages of unknown end that are told the places of bars in phrases, with `phrases`."""
    start: str = ""
    """Folder of a trained run of the same shape whose best weights this one begins with."""
    teachers: tuple[str, ...] = ()
    """Folders of trained runs whose mean choice is learned from too (Hinton et al. 2015); relative to the
    working directory."""
    teaching: float = 0.7
    """The teachers' share in the loss; the rest is the music's own."""
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    """What layers compute in; weights stay float32. mixed_bfloat16 pays where the hardware has it."""


@dataclass(frozen=True)
class CardConfig:
    """What the model file will say of itself."""

    name: str = "model"
    """What requests call the model: lower-case letters, digits and hyphens."""
    title: str = "A model"
    """What people call it, in a line."""
    licence: str = ""
    """Of the weights."""
    metre: str = "4/4"
    """Metre of requests that name none."""
    tempo: float = 120.0
    """Tempo of requests that name none, in quarter notes a minute."""
    temperature: float = 1.0
    """Temperature of requests that name none."""
    top_p: float = 0.98
    """Top-p of requests that name none."""
    sources: tuple[dict[str, str], ...] = ()
    """Tables with name, licence and attribution; without any, those of the data set."""
