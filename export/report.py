"""What became of every run that was to be exported."""

from __future__ import annotations

from dataclasses import dataclass


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
    parity_nats: float = 0.0
    """Largest difference from Keras over held-out notes, float32."""
    chosen_steps: int = 0
    """Notes that the graph chose freely, all of them as Keras would have."""
    loss_float32: float = 0.0
    loss_exported: float = 0.0
    """Held-out nats a note before and after quantising, on the same notes of the test split."""
    step_us: float = 0.0
    step_us_batch8: float = 0.0
    seconds: float = 0.0


def report_table(reports: list[Report]) -> str:
    """Return the report as a Markdown table."""
    lines = [
        "| run | file | MB | nodes | parity | loss float32 | loss exported | µs a step | µs at batch 8 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in reports:
        if r.error:
            lines.append(f"| {r.run} | failed: {r.error} | | | | | | | |")
        else:
            lines.append(
                f"| {r.run} | {r.file} | {r.megabytes:.2f} | {r.nodes} | {r.parity_nats:.1e} | "
                f"{r.loss_float32:.4f} | {r.loss_exported:.4f} | {r.step_us:.0f} | {r.step_us_batch8:.0f} |"
            )
    return "\n".join(lines)
