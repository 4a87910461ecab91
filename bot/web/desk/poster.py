"""A poster to hang up, and a QR code as a picture: A4, black on white, for any printer.

Pure functions of what is to be said. Fonts are the PDF's own, which every reader has.
"""

import io
from dataclasses import dataclass

import segno
from fpdf import FPDF

_WIDTH, _MARGIN = 210, 18
_GREEN = (11, 90, 83)


@dataclass(frozen=True)
class Poster:
    """What stands on it. `page` and `telegram` are whole addresses; the latter may be empty."""

    title: str
    area: str
    page: str
    telegram: str = ""


def draw_poster(poster: Poster) -> bytes:
    """The poster as PDF."""
    pdf = FPDF(format="A4")
    pdf.set_title(poster.title)
    pdf.set_lang("en-GB")
    pdf.set_auto_page_break(False)
    pdf.set_margin(_MARGIN)
    pdf.add_page()
    pdf.set_fill_color(*_GREEN)
    pdf.rect(0, 0, _WIDTH, 14, style="F")
    pdf.set_y(28)
    _say(pdf, poster.title, 38, bold=True)
    if poster.area:
        _say(pdf, f"In and around {poster.area}", 24)
    pdf.ln(5)
    _say(
        pdf,
        "Tell us what you need, what you enjoy, or what you could give. We show you groups, help "
        "and places that need you. Free, and no name asked.",
        18,
    )
    pdf.ln(7)
    ways = [("On a web page", poster.page)]
    if poster.telegram:
        ways.append(("On Telegram", poster.telegram))
    top, side = pdf.get_y(), 78
    room = _WIDTH / len(ways)
    for number, (label, address) in enumerate(ways):
        left = number * room + (room - side) / 2
        pdf.image(draw_code(address), left, top, side, alt_text=f"QR code: {address}")
        pdf.set_xy(number * room + 6, top + side + 2)
        pdf.set_font("Helvetica", "B", 18)
        pdf.multi_cell(room - 12, 9, label, align="C", new_x="LEFT", new_y="NEXT")
        pdf.set_font("Helvetica", "", 13)
        shown = _print(address.removeprefix("https://").removeprefix("http://"))
        pdf.multi_cell(room - 12, 7, shown, align="C")
    pdf.set_y(-34)
    _say(
        pdf,
        "If life is in danger, call 999. To talk now, call Samaritans: 116 123.",
        13,
    )
    pdf.rect(0, 297 - 8, _WIDTH, 8, style="F")
    return bytes(pdf.output())


def draw_code(address: str) -> io.BytesIO:
    """The address as a QR code, in PNG, with the quiet edge that scanners need."""
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=12, border=4)
    picture.seek(0)
    return picture


def _say(pdf: FPDF, text: str, size: int, *, bold: bool = False) -> None:
    pdf.set_font("Helvetica", "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.48, _print(text), align="C", new_x="LMARGIN", new_y="NEXT")


def _print(text: str) -> str:
    """The text in the letters that the PDF's own fonts have."""
    plain = text.replace("’", "'").replace("–", "-")
    return plain.encode("latin-1", "replace").decode("latin-1")
