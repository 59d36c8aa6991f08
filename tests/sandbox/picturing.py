"""Pictures for the docs, taken on the way through the browser tests where `--pictures FOLDER` asks for them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page

#: The largest picture that goes into the docs, bytes; and the colours that are left of it.
MOST_BYTES, COLOURS = 120_000, 96


class Pictures:
    """`folder`: where they go; None: nothing is saved."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def of(self, seen: Page | Locator, name: str) -> None:
        """Saves what is seen as <name>.png, small enough to be committed."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self.save(await seen.screenshot(animations="disabled"), name)

    def save(self, png: bytes, name: str) -> None:
        """The same from the bytes of a PNG."""
        if self._folder is None:
            return
        image = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        path = self._folder / f"{name}.png"
        image.save(path, optimize=True)
        size = path.stat().st_size
        assert size < MOST_BYTES, f"{path.name} has {size} bytes"
