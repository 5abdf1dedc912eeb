"""What a training run is told: one TOML file, parsed once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ...models.errors import ConfigError
from .configcheck import check
from .sections import CardConfig, FitConfig, NetworkConfig
from .toml import check_path, parse_toml


@dataclass(frozen=True)
class TrainConfig:
    """One run."""

    dataset: str = ""
    """Folder that `antiphon prepare` made, relative to the working directory."""
    network: NetworkConfig = field(default_factory=NetworkConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    card: CardConfig = field(default_factory=CardConfig)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Any) -> TrainConfig:
        """Read plain data; raises ConfigError that names the key."""
        if not isinstance(data, dict):
            raise ConfigError("a configuration is a table; this is none")
        data = dict(data)
        network = _section(NetworkConfig, "network", data.pop("network", {}))
        fit = _section(FitConfig, "fit", data.pop("fit", {}))
        card = _section(CardConfig, "card", data.pop("card", {}))
        dataset = data.pop("dataset", "")
        if data:
            raise ConfigError(f"unknown key {sorted(data)[0]!r}; known: dataset, network, fit, card")
        if not isinstance(dataset, str) or not dataset:
            raise ConfigError("the key 'dataset' must name a folder made by `antiphon prepare`")
        check_path("dataset", dataset)
        check(network, fit, card)
        return cls(dataset, network, fit, card)

    @classmethod
    def load(cls, path: Path, dataset: Path | None = None) -> TrainConfig:
        """Read a TOML file, or a run's config.json; raises ConfigError with the file's name.

        Args:
            path: of the file.
            dataset: instead of the one that the file names, if it names any.
        """
        parse = json.loads if path.suffix == ".json" else parse_toml
        try:
            data = parse(path.read_text(encoding="utf-8-sig"))
            if dataset is not None and isinstance(data, dict):
                data = {**data, "dataset": str(dataset)}
            return cls.from_dict(data)
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is no text; name a configuration such as my-tunes.toml") from error
        except (json.JSONDecodeError, ConfigError) as error:
            raise ConfigError(f"{path}: {error}") from error


_Section = TypeVar("_Section", NetworkConfig, FitConfig, CardConfig)


def _section(kind: type[_Section], name: str, data: Any) -> _Section:
    if not isinstance(data, dict):
        raise ConfigError(f"[{name}] must be a table")
    known = {f.name: f.default for f in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise ConfigError(f"[{name}] has no key {key!r}; known: {', '.join(known)}")
        default = known[key]
        if isinstance(value, list):
            value = tuple(value)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            try:
                value = float(value)
            except OverflowError:
                raise ConfigError(f"[{name}] {key} has {len(str(value))} digits: no float holds it") from None
        if type(value) is not type(default):
            expected = "list" if isinstance(default, tuple) else type(default).__name__
            raise ConfigError(f"[{name}] {key} = {value!r}: expected {expected}")
        values[key] = value
    return kind(**values)
