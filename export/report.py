"""What became of every run that was to be exported."""

from __future__ import annotations

from dataclasses import dataclass

from ..models.printable import table_row

_COLUMNS = (
    "run", "file", "MB", "nodes", "split", "parity", "steps", "loss float32", "loss exported",
    "µs a step", "µs at batch 8",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """One run's line in the report."""

    run: str
    name: str = ""
    file: str = ""
    error: str = ""
    parameters: int = 0
    megabytes: float = 0.0
    read_megabytes: float = 0.0
    """Weights multiplied with in every step."""
    nodes: int = 0
    split: str = "test"
    """The one whose notes were held out; valid, on which training chose the weights, where test has none."""
    parity_nats: float = 0.0
    """Largest difference from Keras over held-out notes, float32."""
    parity_steps: int = 0
    """How many held-out notes that is, ends of pieces included; few where little music was held out."""
    chosen_steps: int = 0
    """Notes that the graph chose freely, all of them as Keras would have."""
    loss_float32: float = 0.0
    loss_exported: float = 0.0
    """Held-out nats a note before and after quantising, on the same notes of the split."""
    step_us: float = 0.0
    step_us_batch8: float = 0.0
    seconds: float = 0.0


def report_table(reports: list[Report]) -> str:
    """Return the report as a Markdown table."""
    lines = [table_row(*_COLUMNS), "|" + "---|" * len(_COLUMNS)]
    for r in reports:
        if r.error:
            cells = [f"failed: {r.error}", *[""] * (len(_COLUMNS) - 2)]
        else:
            cells = [
                r.file, f"{r.megabytes:.2f}", f"{r.nodes}", r.split, f"{r.parity_nats:.1e}",
                f"{r.parity_steps}", f"{r.loss_float32:.4f}", f"{r.loss_exported:.4f}",
                f"{r.step_us:.0f}", f"{r.step_us_batch8:.0f}",
            ]  # fmt: skip
        lines.append(table_row(r.run, *cells))
    return "\n".join(lines)
