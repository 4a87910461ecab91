"""A poster as PDF, with QR codes: A4, black on white, for any printer.

Pure functions. Each text has a fixed space and is set smaller if it is long, so that nothing leaves
the page or covers the crisis lines.
"""

import io
from dataclasses import dataclass

import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from bot.web.desk.fonts import export_pdf, load_fonts, set_font

# Lengths are in millimetres, font sizes in points.
_WIDTH, _HEIGHT, _MARGIN = 210, 297, 18
_GREEN = (11, 90, 83)
# Line height in millimetres for each point of font size.
_LINE_HEIGHT = 0.48
_MIN_FONT_SIZE = 7
_CODE_SIZE = 78
_INVITATION = (
    "Tell us what you need, what you enjoy or what you could give. We show you groups, support "
    "and places to volunteer near you. It is free, and we do not ask your name."
)
_CRISIS = "If a life is in danger, call 999. To talk to someone now, call Samaritans: 116 123."


@dataclass(frozen=True)
class Poster:
    """The content of a poster. `page` and `telegram` are full URLs; `telegram` can be empty."""

    title: str
    area: str
    page: str
    telegram: str = ""


def draw_poster(poster: Poster) -> bytes:
    """The poster as PDF. Raises MissingGlyphError for characters that no font has."""
    pdf = FPDF(format="A4")
    pdf.set_title(poster.title)
    pdf.set_lang("en-GB")
    pdf.set_auto_page_break(False)
    pdf.set_margin(_MARGIN)
    title, area, page, telegram, *_ = load_fonts(
        pdf, [poster.title, poster.area, poster.page, poster.telegram, _INVITATION, _CRISIS]
    )
    pdf.add_page()
    pdf.set_fill_color(*_GREEN)
    pdf.rect(0, 0, _WIDTH, 14, style="F")
    pdf.set_y(26)
    _write_text(pdf, title, 38, max_height=56, bold=True)
    if area:
        _write_text(pdf, f"In and around {area}", 24, max_height=25)
    pdf.ln(4)
    _write_text(pdf, _INVITATION, 17, max_height=28)
    codes = [("On the web", poster.page, page)]
    if telegram:
        codes.append(("On Telegram", poster.telegram, telegram))
    top, column_width = pdf.get_y() + 4, _WIDTH / len(codes)
    for number, (label, url, printable_url) in enumerate(codes):
        left = number * column_width
        pdf.image(
            draw_qr_code(url),
            left + (column_width - _CODE_SIZE) / 2,
            top,
            _CODE_SIZE,
            alt_text=f"QR code: {url}",
        )
        pdf.set_y(top + _CODE_SIZE + 1)
        margin, width = left + 6, column_width - 12
        _write_text(pdf, label, 18, max_height=9, left=margin, width=width, bold=True)
        short_url = printable_url.removeprefix("https://").removeprefix("http://")
        _write_text(pdf, short_url, 13, max_height=14, left=margin, width=width)
    pdf.set_y(_HEIGHT - 30)
    _write_text(pdf, _CRISIS, 13, max_height=14)
    pdf.rect(0, _HEIGHT - 8, _WIDTH, 8, style="F")
    return export_pdf(pdf)


def draw_qr_code(url: str) -> io.BytesIO:
    """The URL as a QR code in PNG, with the quiet zone that scanners need."""
    picture = io.BytesIO()
    segno.make(url, error="m", micro=False).save(picture, kind="png", scale=12, border=4)
    picture.seek(0)
    return picture


def _write_text(
    pdf: FPDF,
    text: str,
    size: int,
    *,
    max_height: float,
    left: float = _MARGIN,
    width: float = _WIDTH - 2 * _MARGIN,
    bold: bool = False,
) -> None:
    """Write centred text at `size` points, or smaller so that it fits `max_height`.

    Text that is too long at the smallest size ends with an ellipsis.
    """
    lines = _split_lines(pdf, text, size, width)
    while len(lines) * size * _LINE_HEIGHT > max_height and size > _MIN_FONT_SIZE:
        size -= 1
        lines = _split_lines(pdf, text, size, width)
    max_lines = max(1, int(max_height / (size * _LINE_HEIGHT)))
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], f"{lines[max_lines - 1][:-1].rstrip()}…"]
    set_font(pdf, size, bold=bold)
    for line in lines:
        pdf.set_x(left)
        pdf.cell(width, size * _LINE_HEIGHT, line, align="C", new_x="LMARGIN", new_y="NEXT")


def _split_lines(pdf: FPDF, text: str, size: int, width: float) -> list[str]:
    set_font(pdf, size)
    lines = pdf.multi_cell(
        width,
        size * _LINE_HEIGHT,
        text,
        align="C",
        dry_run=True,
        output=MethodReturnValue.LINES,
    )
    return list(lines)  # type: ignore[arg-type]
