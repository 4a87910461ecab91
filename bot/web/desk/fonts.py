"""The fonts that a printed page is set in, whatever language it is in, and what they cannot draw.

Owns which font draws which letter: Noto Sans first, then the Noto of each other script, all from
installed packages. Must never let a letter be printed as an empty box.
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
# How thick a line around a letter makes it bold, beside its size: the fonts have one weight each,
# since making a bolder one of them takes seconds.
_BOLDER = 0.012
# Joiners, marks of direction and of how an emoji looks: they have no shape of their own.
_SHAPELESS = "\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f"


class UndrawableError(Exception):
    """Letters that no font here has; `letters` are they, each once."""

    def __init__(self, letters: str) -> None:
        super().__init__(f"no font has {letters!r}")
        self.letters = letters


def _find_fonts() -> dict[str, Path]:
    """The fonts by name, in the order in which they are asked for a letter."""
    folder = Path(str(files("manimgx_fonts")))
    chinese = Path(str(files("pylopdf_fonts_zh_cn"))) / "NotoSansSC-Regular.otf"
    names = [_MAIN, *(f"{_MAIN}{script}" for script in _SCRIPTS), "NotoEmoji"]
    # Chinese knows Japanese as well. It is last, as it also has poorer letters of other scripts.
    return {name: folder / f"{name}[wght].ttf" for name in names} | {"NotoSansSC": chinese}


@lru_cache(maxsize=1)
def _read_letters() -> dict[str, frozenset[int]]:
    """What each font can draw. Reading them takes about half a second, once."""
    letters = {}
    for name, path in _find_fonts().items():
        with TTFont(path, lazy=True) as font:
            letters[name] = frozenset(font.getBestCmap())
    return letters


def prepare(pdf: FPDF, texts: Sequence[str]) -> list[str]:
    """Give `pdf` the fonts that these texts need; the texts as they are to be set.

    Raises UndrawableError where some letter is in none.
    """
    known = _read_letters()
    tidied = [_tidy(text) for text in texts]
    needed = {_MAIN}
    missing = []
    for letter in dict.fromkeys("".join(tidied)):
        font = next((name for name, letters in known.items() if ord(letter) in letters), "")
        if font:
            needed.add(font)
        else:
            missing.append(letter)
    if missing:
        raise UndrawableError("".join(missing))
    paths = _find_fonts()
    others = [name for name in paths if name in needed and name != _MAIN]
    for name in (_MAIN, *others):
        pdf.add_font(name, "", paths[name])
    pdf.set_fallback_fonts(others, exact_match=False)
    # Joins Arabic letters, puts Bengali vowels in place and runs from right to left.
    pdf.set_text_shaping(True)
    return tidied


def set_type(pdf: FPDF, size: float, *, bold: bool = False) -> None:
    """Set what follows on this page in `size` points."""
    pdf.set_font(_MAIN, "", size)
    pdf.text_mode = "FILL_STROKE" if bold else "FILL"
    pdf.set_line_width(size * _BOLDER)
    # A blank has the font named on the page. Left to a line that begins in another script, it is
    # named inside that line's own state, and is lost to the next.
    pdf.text(0, 0, " ")


def finish(pdf: FPDF) -> bytes:
    """The whole PDF, with the files of its fonts closed."""
    content = bytes(pdf.output())
    for font in pdf.fonts.values():
        if isinstance(font, TTFFont):
            font.ttfont.close()
    return content


def _tidy(text: str) -> str:
    known = _read_letters()
    whole = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(
        letter
        for letter in whole
        if letter not in _SHAPELESS or any(ord(letter) in letters for letters in known.values())
    )
