"""A network as a picture: what a step reads, the layers, and the fields it chooses one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..models.wholefile import whole_file
from ..train.network.shape import Shape

BLUE, GREEN, ORANGE, GREY = "#dbe9f6", "#dff0d8", "#fbe5d0", "#eeeeee"
_WIDTH, _HEIGHT, _GAP = 2.9, 0.62, 0.38


@dataclass(frozen=True)
class Box:
    """A box of the picture; x and y of its middle."""

    text: str
    x: float
    y: float
    colour: str
    width: float = _WIDTH
    height: float = _HEIGHT


@dataclass(frozen=True)
class Arrow:
    """From one box to another."""

    begin: Box
    end: Box


def boxes_of(shape: Shape) -> tuple[list[Box], list[Arrow]]:
    """Return the picture's boxes and arrows, from the bottom up."""
    config = shape.config
    inputs = Box(_inputs_text(shape), 0.0, 0.0, GREY, 4.6, 0.25 + 0.2 * _inputs_text(shape).count("\n") + 0.3)
    y = inputs.height / 2 + _GAP + _HEIGHT / 2
    boxes, arrows, below = [inputs], [], inputs
    for text, is_attention in _layers(shape):
        colour = ORANGE if is_attention else BLUE
        box = Box(text, 0.0, y, colour)
        boxes.append(box)
        arrows.append(Arrow(below, box))
        if is_attention or config.cell == "transformer":
            memory = Box(f"memory\n{config.memory} steps", 3.3, y, ORANGE, 1.7)
            boxes.append(memory)
            arrows.append(Arrow(memory, box))
        below, y = box, y + _HEIGHT + _GAP
    trunk = Box(f"dense {config.head_units} × {len(shape.codec.fields)}", 0.0, y, BLUE)
    boxes.append(trunk)
    arrows.append(Arrow(below, trunk))
    fields = shape.codec.fields
    step = 2.25
    y += _HEIGHT + _GAP + 0.15
    before = None
    for i, field in enumerate(fields):
        box = Box(f"{field.name}\n{field.size} codes", (i - (len(fields) - 1) / 2) * step, y, GREEN, 1.75)
        boxes.append(box)
        arrows.append(Arrow(trunk, box))
        if before is not None:
            arrows.append(Arrow(before, box))
        before = box
    return boxes, arrows


def _inputs_text(shape: Shape) -> str:
    """Return what a step reads, a few to the line."""
    names = [f"{name} {rows}" for name, rows in shape.columns().items()]
    lines = [", ".join(names[i : i + 4]) for i in range(0, len(names), 4)]
    head = f"embeddings of {shape.config.embedding}:"
    tail = [f"and {shape.dense_inputs} numbers"] if shape.dense_inputs else []
    return "\n".join([head, *lines, *tail])


def _layers(shape: Shape) -> list[tuple[str, bool]]:
    """Return each layer's text and whether it is attention."""
    config = shape.config
    if config.cell == "transformer":
        text = f"block: {config.attention_heads} heads, feed-forward {4 * config.units}"
        return [(f"dense {config.units}", False), *[(text, False)] * config.layers]
    extra = " + norm" if config.layer_norm else ""
    found: list[tuple[str, bool]] = []
    for i in range(config.layers):
        more = " + residual" if config.residual and i else ""
        found.append((f"{config.cell.upper()} {config.units}{extra}{more}", False))
        if config.attention_heads and i == config.attends_after:
            heads = f"attention: {config.attention_heads} heads, {config.key_size} + {config.value_size}"
            found.append((heads, True))
    return found


def draw_diagram(shape: Shape, path: Path) -> None:
    """Write the picture as PNG; raises OSError."""
    from matplotlib.figure import Figure  # slow to import, needed only here

    boxes, arrows = boxes_of(shape)
    left = min(b.x - b.width / 2 for b in boxes) - 0.3
    right = max(b.x + b.width / 2 for b in boxes) + 0.3
    bottom = min(b.y - b.height / 2 for b in boxes) - 0.3
    top = max(b.y + b.height / 2 for b in boxes) + 0.3
    figure = Figure(figsize=(right - left, top - bottom))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.axis("off")
    for arrow in arrows:
        _draw_arrow(axes, arrow)
    for box in boxes:
        _draw_box(axes, box)
    with whole_file(path) as out:  # a file object: a name without .png would get one
        figure.savefig(out, format="png", dpi=130)


def _draw_box(axes: Any, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = (box.x - box.width / 2, box.y - box.height / 2)
    style = "round,pad=0,rounding_size=0.08"
    axes.add_patch(
        FancyBboxPatch(
            corner, box.width, box.height, boxstyle=style, facecolor=box.colour, edgecolor="#555555"
        )
    )
    axes.text(box.x, box.y, box.text, ha="center", va="center", fontsize=8.5)


def _draw_arrow(axes: Any, arrow: Arrow) -> None:
    """Draw between the edges that face each other: sideways on one level, else upwards."""
    begin, end = arrow.begin, arrow.end
    if abs(begin.y - end.y) < _HEIGHT / 2:
        side = 1 if end.x > begin.x else -1
        tail = (begin.x + side * begin.width / 2, begin.y)
        head = (end.x - side * end.width / 2, end.y)
    else:
        tail, head = (begin.x, begin.y + begin.height / 2), (end.x, end.y - end.height / 2)
    axes.annotate("", head, tail, arrowprops={"arrowstyle": "-|>", "color": "#555555", "lw": 1.1})
