"""A terminal screen as a picture: the text tmux captured, with its colours, written as SVG.

Understands SGR (ECMA-48) as tmux emits it: 16 and 256 colours, direct colours, bold, dim, italic, underline, reverse.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from html import escape

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 12
INK, PAPER = "#d4d4d4", "#1b1d23"
BASIC = ["#1b1d23", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d4d4d4",
         "#7f848e", "#f47983", "#b1d495", "#f0cf8e", "#7fc1ff", "#d79bea", "#7accd6", "#ffffff"]


@dataclass(frozen=True)
class Style:
    ink: str = INK
    paper: str = PAPER
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False

    def colours(self):
        """Of text and ground as they are seen."""
        return (self.paper, self.ink) if self.reverse else (self.ink, self.paper)


def svg(styled, columns, rows, title):
    """The picture of a screen of `columns` x `rows` cells captured by `tmux capture-pane -e -N`."""
    style, lines = Style(), []
    for line in styled.split("\n")[:rows]:
        pieces = runs(line, style)
        style = pieces[-1][1]
        lines.append(pieces)
    ground = background(lines)
    width, height = columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="6" fill="{ground}"/>',
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">',
    ]
    for row, pieces in enumerate(lines):
        column = 0
        for text, style in pieces:
            parts += cells(text, style, column, row, ground)
            column += len(text)
    return "\n".join(parts) + "\n</g>\n</svg>\n"


def background(lines):
    """The colour behind most cells: that of the window."""
    count = Counter()
    for text, style in (piece for pieces in lines for piece in pieces):
        count[style.colours()[1]] += len(text)
    return count.most_common(1)[0][0] if count else PAPER


def cells(text, style, column, row, ground):
    """One run of equal style: its background, then each stretch of text at its own column, one cell per character."""
    ink, paper = style.colours()
    left, top = MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT
    if text and paper != ground:
        yield f'<rect x="{left:.1f}" y="{top}" width="{len(text) * CELL_WIDTH:.1f}" height="{CELL_HEIGHT}" fill="{paper}"/>'
    extra = ' font-weight="bold"' * style.bold + ' font-style="italic"' * style.italic
    extra += ' opacity="0.6"' * style.dim + ' text-decoration="underline"' * style.underline
    # Viewers squeeze runs of spaces, so that text is cut there.
    for stretch in re.finditer(r"\S+(?: \S+)*", text):
        shown = stretch[0]
        yield (f'<text x="{left + stretch.start() * CELL_WIDTH:.1f}" y="{top + 13}" fill="{ink}" '
               f'textLength="{len(shown) * CELL_WIDTH:.1f}"{extra}>{escape(shown)}</text>')


def runs(line, style):
    """Split a line at its escape sequences into (text, style); the last style goes on in the next line."""
    line = re.sub(r"\x1b[()].|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x0e\x0f]", "", line)
    out = []
    for position, piece in enumerate(re.split(r"\x1b\[([0-9;:]*)m", line)):
        if position % 2:
            style = changed(style, piece)
        else:
            out.append((piece, style))
    return out


def changed(style, parameters):
    """The style after one SGR sequence."""
    codes = parameters.split(";") if parameters else ["0"]
    while codes:
        code, *codes = codes
        if ":" in code:
            main, _, rest = code.partition(":")
            if main == "4":
                style = replace(style, underline=rest != "0")
            elif main in ("38", "48"):
                numbers = [number for number in rest.split(":") if number]
                colour, _ = extended(numbers)
                style = replace(style, **{"ink" if main == "38" else "paper": colour})
            continue
        number = int(code or 0)
        if number in (38, 48):
            colour, codes = extended(codes)
            style = replace(style, **{"ink" if number == 38 else "paper": colour})
        elif number == 58:
            _, codes = extended(codes)
        else:
            style = simple(style, number)
    return style


def simple(style, number):
    if number == 0:
        return Style()
    flags = {1: ("bold", True), 2: ("dim", True), 3: ("italic", True), 4: ("underline", True), 7: ("reverse", True),
             23: ("italic", False), 24: ("underline", False), 27: ("reverse", False)}
    if number in flags:
        return replace(style, **dict([flags[number]]))
    if number == 22:
        return replace(style, bold=False, dim=False)
    for first, field, bright in ((30, "ink", 0), (40, "paper", 0), (90, "ink", 8), (100, "paper", 8)):
        if first <= number < first + 8:
            return replace(style, **{field: BASIC[number - first + bright]})
    return {39: replace(style, ink=INK), 49: replace(style, paper=PAPER)}.get(number, style)


def extended(codes):
    """The colour after 38 or 48 - `5;N` or `2;R;G;B` - and the codes behind it."""
    if codes[0] == "5":
        return indexed(int(codes[1])), codes[2:]
    red, green, blue = (int(code) for code in codes[1:4])
    return f"#{red:02x}{green:02x}{blue:02x}", codes[4:]


def indexed(number):
    """A colour of the 256-colour palette: 16 basic ones, a 6x6x6 cube, 24 greys."""
    if number < 16:
        return BASIC[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = [0, 95, 135, 175, 215, 255]
    cube = number - 16
    return "#" + "".join(f"{steps[cube // weight % 6]:02x}" for weight in (36, 6, 1))
