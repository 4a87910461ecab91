"""A poster to hang up, and a QR code as a picture: A4, black on white, for any printer.

Pure functions of what is to be said. Each text has its room: a long one is set smaller, so that
nothing leaves the page or covers whom to call.
"""

import io
from dataclasses import dataclass

import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue

from bot.web.desk.fonts import finish, prepare, set_type

_WIDTH, _HEIGHT, _MARGIN = 210, 297, 18
_GREEN = (11, 90, 83)
# Millimetres of a line's height to a point of its letters' size.
_LINE = 0.48
_SMALLEST = 7
_CODE = 78
_INVITATION = (
    "Tell us what you need, what you enjoy, or what you could give. We show you groups, help "
    "and places that need you. Free, and no name asked."
)
_CRISIS = "If life is in danger, call 999. To talk now, call Samaritans: 116 123."


@dataclass(frozen=True)
class Poster:
    """What stands on it. `page` and `telegram` are whole addresses; the latter may be empty."""

    title: str
    area: str
    page: str
    telegram: str = ""


def draw_poster(poster: Poster) -> bytes:
    """The poster as PDF. Raises UndrawableError for letters that no font here has."""
    pdf = FPDF(format="A4")
    pdf.set_title(poster.title)
    pdf.set_lang("en-GB")
    pdf.set_auto_page_break(False)
    pdf.set_margin(_MARGIN)
    title, area, page, telegram, *_ = prepare(
        pdf, [poster.title, poster.area, poster.page, poster.telegram, _INVITATION, _CRISIS]
    )
    pdf.add_page()
    pdf.set_fill_color(*_GREEN)
    pdf.rect(0, 0, _WIDTH, 14, style="F")
    pdf.set_y(26)
    _say(pdf, title, 38, room=56, bold=True)
    if area:
        _say(pdf, f"In and around {area}", 24, room=25)
    pdf.ln(4)
    _say(pdf, _INVITATION, 17, room=28)
    ways = [("On a web page", poster.page, page)]
    if telegram:
        ways.append(("On Telegram", poster.telegram, telegram))
    top, room = pdf.get_y() + 4, _WIDTH / len(ways)
    for number, (label, address, shown) in enumerate(ways):
        left = number * room
        code = draw_code(address)
        pdf.image(code, left + (room - _CODE) / 2, top, _CODE, alt_text=f"QR code: {address}")
        pdf.set_y(top + _CODE + 1)
        _say(pdf, label, 18, room=9, left=left + 6, width=room - 12, bold=True)
        bare = shown.removeprefix("https://").removeprefix("http://")
        _say(pdf, bare, 13, room=14, left=left + 6, width=room - 12)
    pdf.set_y(_HEIGHT - 30)
    _say(pdf, _CRISIS, 13, room=14)
    pdf.rect(0, _HEIGHT - 8, _WIDTH, 8, style="F")
    return finish(pdf)


def draw_code(address: str) -> io.BytesIO:
    """The address as a QR code, in PNG, with the quiet edge that scanners need."""
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=12, border=4)
    picture.seek(0)
    return picture


def _say(
    pdf: FPDF,
    text: str,
    size: int,
    *,
    room: float,
    left: float = _MARGIN,
    width: float = _WIDTH - 2 * _MARGIN,
    bold: bool = False,
) -> None:
    """Write the text in the middle, at `size` points or as much smaller as its `room` asks.

    What is too long at the smallest size ends in dots. All in millimetres but `size`.
    """
    lines = _break(pdf, text, size, width)
    while len(lines) * size * _LINE > room and size > _SMALLEST:
        size -= 1
        lines = _break(pdf, text, size, width)
    most = max(1, int(room / (size * _LINE)))
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][:-1].rstrip()}…"]
    set_type(pdf, size, bold=bold)
    for line in lines:
        pdf.set_x(left)
        pdf.cell(width, size * _LINE, line, align="C", new_x="LMARGIN", new_y="NEXT")


def _break(pdf: FPDF, text: str, size: int, width: float) -> list[str]:
    set_type(pdf, size)
    lines = pdf.multi_cell(
        width, size * _LINE, text, align="C", dry_run=True, output=MethodReturnValue.LINES
    )
    return list(lines)  # type: ignore[arg-type]
