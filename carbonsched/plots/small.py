"""Drawings made small: the same picture in a third of the letters that matplotlib writes."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
_LETTERS = (f"{SVG}text", f"{SVG}tspan")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_GEOMETRY = ("x", "y", "width", "height", "transform", "points")


def shrink(root: Element) -> None:
    """Shorten a drawing where it stands: hundredths of a point, no word that nothing refers to."""
    known = {"#" + of for of in re.findall(r"url\(#(.*?)\)", _attributes(root))}
    known |= {node.get(f"{XLINK}href", "") for node in root.iter()}
    for node in root.iter():
        if "#" + node.get("id", "") not in known:
            node.attrib.pop("id", None)
        if node.tag not in _LETTERS:  # else spaces are part of what is said
            node.text = node.text if (node.text or "").strip() else None
        if node.tag != f"{SVG}tspan":
            node.tail = None
        for name in _GEOMETRY:
            if name in node.attrib:
                node.set(name, _NUMBER.sub(_short, node.get(name, "")))
        if path := node.get("d"):
            node.set("d", _path(path))
    for pattern in root.iter(f"{SVG}pattern"):
        _tile(pattern)


def _attributes(root: Element) -> str:
    return " ".join(value for node in root.iter() for value in node.attrib.values())


def _short(found: re.Match[str]) -> str:
    return f"{round(float(found.group()), 2) + 0.0:.6g}"


def _path(drawn: str) -> str:
    """Write the way along an axis as one number, and a way straight on as one step."""
    pieces: list[str] = []
    at: list[str] = ["", ""]
    way = ""
    for command, numbers in _COMMAND.findall(_NUMBER.sub(_short, drawn)):
        to = numbers.split()
        step, last = command, way
        if command == "L":
            if to == at:
                continue
            axis = 0 if to[1] == at[1] else 1 if to[0] == at[0] else None
            if axis is not None:
                ahead = float(to[axis]) > float(at[axis])
                step, way = "HV"[axis], f"{'HV'[axis]}{ahead}"
                if way == last:
                    pieces.pop()
                at, to = to, [to[axis]]
            else:
                at, way = to, ""
        else:
            at, way = to[-2:], ""
        pieces.append(step + " ".join(to))
    return "".join(pieces)


def _tile(pattern: Element) -> None:
    """Let a hatch of many dots be one of few that repeats sooner."""
    path = pattern.find(f"{SVG}path")
    dots = re.findall(r"M[^M]*", path.get("d", "")) if path is not None else []
    if path is None or len(dots) < 50:  # lines, which are few
        return
    places = [_middle(dot) for dot in dots]
    rows = sorted({y for _, y in places})
    apart = (rows[-1] - rows[0]) / (len(rows) - 1)  # dots of a row and rows are as far apart
    if abs(72 / apart - round(72 / apart)) > 0.01:
        return
    apart = 72 / round(72 / apart)
    low = rows[len(rows) // 2 // 2 * 2]  # every other row begins half a dot later
    left = min(x for x, y in places if y == low) + 2 * apart
    kept = [
        dot
        for dot, (x, y) in zip(dots, places, strict=True)
        if -1.5 * apart < x - left < 2.5 * apart and -1.5 * apart < y - low < 3.5 * apart
    ]
    path.set("d", "".join(kept))
    path.set("transform", f"translate({-left:.6g} {-low:.6g})")
    pattern.set("width", f"{apart:.6g}")
    pattern.set("height", f"{2 * apart:.6g}")


def _middle(dot: str) -> tuple[float, float]:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", dot)]
    x, y = ((min(along) + max(along)) / 2 for along in (numbers[::2], numbers[1::2]))
    return round(x, 1), round(y, 1)
