"""Draw the patchers for the pages: python docs/patches/pictures.py"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import live_devices
import max_package
from drawing import draw

PAGES = Path(__file__).parents[1] / "hosts"


def main() -> None:
    """Draw what the pages show."""
    as_read = json.loads(json.dumps(live_devices.effect().to_json()))
    draw(as_read, presentation=True, scale=2.2).save(PAGES / "live.png", optimize=True)
    draw(json.loads(json.dumps(max_package.basic().to_json()))).save(PAGES / "max-help.png", optimize=True)
    draw(json.loads(json.dumps(max_package.example().to_json()))).save(
        PAGES / "max-example.png", optimize=True
    )


if __name__ == "__main__":
    main()
