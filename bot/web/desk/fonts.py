"""The fonts of a printed page, for text in any language.

Owns which font draws which character: Noto Sans first, then the Noto font of each other script, all
from installed packages. Must never let a character be printed as an empty box.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.fonts import TTFFont

_SCRIPTS = (
    "Arabic Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada Khmer "
    "Lao Malayalam Myanmar Oriya Sinhala Tamil Telugu Thai Symbols"
).split()
_MAIN = "NotoSans"
# Bold is drawn as an outline of this width, in proportion to the size. The fonts have one weight
# each, and making a bold instance of one takes seconds.
_BOLD_OUTLINE = 0.012
# Joiners, direction marks and emoji variation selectors: they have no glyph of their own.
_INVISIBLE = "\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f"


class MissingGlyphError(Exception):
    """No font has a glyph for these `characters`, each listed once."""

    def __init__(self, characters: str) -> None:
        super().__init__(f"no font has {characters!r}")
        self.characters = characters


def _find_fonts() -> dict[str, Path]:
    """The font files by name, in the order in which they are tried for a character."""
    folder = Path(str(files("manimgx_fonts")))
    chinese = Path(str(files("pylopdf_fonts_zh_cn"))) / "NotoSansSC-Regular.otf"
    names = [_MAIN, *(f"{_MAIN}{script}" for script in _SCRIPTS), "NotoEmoji"]
    # The Chinese font covers Japanese too. It is last, since its glyphs of other scripts are worse.
    return {name: folder / f"{name}[wght].ttf" for name in names} | {"NotoSansSC": chinese}


@lru_cache(maxsize=1)
def _read_coverage() -> dict[str, frozenset[int]]:
    """The code points that each font has. Takes about half a second, once."""
    coverage = {}
    for name, path in _find_fonts().items():
        with TTFont(path, lazy=True) as font:
            coverage[name] = frozenset(font.getBestCmap())
    return coverage


def load_fonts(pdf: FPDF, texts: Sequence[str]) -> list[str]:
    """Add the fonts that these texts need to `pdf`. Returns the texts ready to print.

    Raises MissingGlyphError if no font has some character.
    """
    coverage = _read_coverage()
    printable = [_normalise(text) for text in texts]
    needed = {_MAIN}
    missing = []
    for character in dict.fromkeys("".join(printable)):
        font = next((name for name, points in coverage.items() if ord(character) in points), "")
        if font:
            needed.add(font)
        else:
            missing.append(character)
    if missing:
        raise MissingGlyphError("".join(missing))
    paths = _find_fonts()
    fallbacks = [name for name in paths if name in needed and name != _MAIN]
    for name in (_MAIN, *fallbacks):
        pdf.add_font(name, "", paths[name])
    pdf.set_fallback_fonts(fallbacks, exact_match=False)
    # Shaping joins Arabic letters, places Bengali vowels and handles right-to-left text.
    pdf.set_text_shaping(True)
    return printable


def set_font(pdf: FPDF, size: float, *, bold: bool = False) -> None:
    """Set the font size in points for the text that follows on this page."""
    pdf.set_font(_MAIN, "", size)
    pdf.text_mode = "FILL_STROKE" if bold else "FILL"
    pdf.set_line_width(size * _BOLD_OUTLINE)
    # Printing a space selects the font at page level. Otherwise a line that starts in another
    # script selects it inside that line's own graphics state, and the next line has no font.
    pdf.text(0, 0, " ")


def export_pdf(pdf: FPDF) -> bytes:
    """The finished PDF. Closes the font files."""
    content = bytes(pdf.output())
    for font in pdf.fonts.values():
        if isinstance(font, TTFFont):
            font.ttfont.close()
    return content


def _normalise(text: str) -> str:
    coverage = _read_coverage()
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(
        character
        for character in composed
        if character not in _INVISIBLE
        or any(ord(character) in points for points in coverage.values())
    )
