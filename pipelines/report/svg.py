"""matplotlib figures as SVG that lives inside a page: no ids that clash, no style attributes, colours left to the page.

A strict Content-Security-Policy forbids style attributes, and a colour baked into a chart is wrong in one of two themes. So
figures are drawn with stand-in colours (`INK`), and each stand-in becomes a class that the page's stylesheet colours.
"""

import io
import re
import warnings
from collections.abc import Callable, Mapping
from hashlib import blake2s
from typing import Any

import matplotlib as mpl
from lxml import etree
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from pipelines.report.words import clean

INKS = (
    "text", "muted", "line", "paper", "all", "clean", "original", "exact", "near", "partial", "translation", "declared", "alarm",
    "stored", "duplicate", "unchanged", "rejected", "failed",
)  # fmt: skip
"""Names of colours; `report.css` gives each one a value per theme, as `.f-NAME` (fill) and `.s-NAME` (stroke)."""
INK: Mapping[str, str] = {name: f"#0c0d{number:02x}" for number, name in enumerate(INKS)}
_NAMES = {colour: name for name, colour in INK.items()}
STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 12,
    "text.color": INK["text"],
    "axes.edgecolor": INK["line"],
    "axes.labelcolor": INK["muted"],
    "xtick.color": INK["line"],
    "ytick.color": INK["line"],
    "xtick.labelcolor": INK["muted"],
    "ytick.labelcolor": INK["muted"],
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": INK["line"],
    "grid.linewidth": 0.75,
    "xtick.major.size": 0,
    "xtick.major.pad": 6,
    "ytick.major.pad": 6,
    "ytick.major.size": 0,
    "lines.linewidth": 1.75,
    "axes.formatter.useoffset": False,
}
WIDTHS = (("wide", 960), ("narrow", 380))
"""Every chart is drawn twice, for a desk and for a phone, so that letters keep their size; the stylesheet shows one."""

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_KEPT = {
    "fill", "stroke", "stroke-width", "stroke-opacity", "fill-opacity", "opacity", "stroke-dasharray", "stroke-linecap",
    "stroke-linejoin", "font-size", "font-weight", "text-anchor",
}  # fmt: skip


class Canvas:
    """One drawing of one chart: the figure, its width in pixels, and the words that appear over its marks."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / 72, height / 72))
        FigureCanvasSVG(self.figure)
        self.tips: dict[str, str] = {}

    @property
    def narrow(self) -> bool:
        return self.width < 600

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Axes in pixels from the top left corner."""
        return self.figure.add_axes(
            (left / self.width, 1 - bottom / self.height, (right - left) / self.width, (bottom - top) / self.height),
            facecolor="none",
        )

    def tip(self, artist: Artist, words: str) -> None:
        """Show `words` when the pointer rests on the artist, and read them out."""
        name = f"tip{len(self.tips)}"
        self.tips[name] = clean(words, 300)
        artist.set_gid(name)

    def svg(self, label: str, kind: str) -> Markup:
        """The drawing as an `<svg>` element; `label` is what a screen reader says; it must be unique in a page."""
        salt = "c" + blake2s(f"{kind} {label}".encode("utf-8", "replace"), digest_size=4).hexdigest()
        text = io.BytesIO()
        with mpl.rc_context({"svg.hashsalt": salt}), warnings.catch_warnings():
            # The browser draws the letters, with its own fonts.
            warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
            self.figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        root = etree.fromstring(text.getvalue())
        return Markup(_tame(root, self.tips, label, kind, salt))  # noqa: S704  (serialised by lxml, so escaped)


def chart(label: str, draw: Callable[[Canvas], None], heights: tuple[int, int]) -> Markup:
    """A chart for desk and phone. `heights` are pixels of each; `draw` is called for both."""
    drawn = []
    for (kind, width), height in zip(WIDTHS, heights, strict=True):
        with mpl.rc_context(STYLE):
            canvas = Canvas(width, height)
            draw(canvas)
            drawn.append(canvas.svg(label, kind))
    return Markup("\n").join(drawn)


def _tame(root: etree._Element, tips: Mapping[str, str], label: str, kind: str, salt: str) -> str:
    for node in [*root.iter(f"{_SVG}metadata", f"{_SVG}style")]:
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)
    used = set(re.findall(r"#([\w.-]+)", " ".join(v for n in root.iter() for v in map(str, n.attrib.values()))))
    for node in root.iter():
        attributes = node.attrib
        name = str(attributes.get("id", ""))
        if name in tips:
            title = etree.Element(f"{_SVG}title")
            title.text = tips[name]
            node.insert(0, title)
        if name and name not in used:
            del attributes["id"]
        elif name:
            attributes["id"] = f"{salt}{name}"
        if _HREF in attributes:
            attributes["href"] = f"#{salt}{str(attributes.pop(_HREF))[1:]}"
        if "clip-path" in attributes:
            attributes["clip-path"] = str(attributes["clip-path"]).replace("#", f"#{salt}")
        _unstyle(node)
        if "d" in attributes:
            attributes["d"] = _short(str(attributes["d"]))
        for key in ("x", "y"):
            if key in attributes:
                attributes[key] = _short(str(attributes[key]))
        transform = str(attributes.get("transform", ""))
        if transform.startswith("rotate(-0 "):
            del attributes["transform"]
        elif transform:
            attributes["transform"] = _short(transform)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, "")
    root.set("class", f"chart {kind}")
    root.set("role", "img")
    root.set("aria-label", clean(label))
    for node in reversed([*root.iter(f"{_SVG}g", f"{_SVG}defs")]):  # groups that hold nothing, or say nothing
        parent = node.getparent()
        if parent is not None and not len(node) and not node.attrib:
            parent.remove(node)
        elif parent is not None and not node.attrib and node.tag == f"{_SVG}g" and node.find(f"{_SVG}title") is None:
            place = parent.index(node)
            parent[place : place + 1] = list(node)
    etree.cleanup_namespaces(root)
    for node in root.iter():
        node.tail = None
        if node.tag not in (f"{_SVG}text", f"{_SVG}title", f"{_SVG}tspan"):
            node.text = None
    return etree.tostring(root, encoding="unicode")


def _unstyle(node: etree._Element) -> None:
    """Turn a style attribute into presentation attributes, and stand-in colours into classes."""
    classes = []
    for declaration in str(node.attrib.pop("style", "")).split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key == "font":  # matplotlib before 3.10 writes the shorthand
            size = re.search(r"([\d.]+)px", value)
            key, value = "font-size", size[1] if size else "12"
        if key in ("fill", "stroke") and value in _NAMES:
            classes.append(f"{key[0]}-{_NAMES[value]}")
        elif key in _KEPT:
            node.set(key, value)
    if classes:
        node.set("class", " ".join(classes))


def _short(numbers: str) -> str:
    return re.sub(
        r"\s+", " ", re.sub(r"-?\d+\.\d+", lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), numbers)
    ).strip()
