"""How colours look to other eyes, and how far apart they are.

Dichromacies are simulated as in Machado, Oliveira and Fernandes, "A physiologically-based model for
simulation of color vision deficiency", IEEE Transactions on Visualization and Computer Graphics
15(6), 2009, with the matrices they publish for severity 1, on linear RGB. Distance is CIEDE2000 as
in Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", Color Research & Application
30(1), 2005; contrast is that of the Web Content Accessibility Guidelines 2.
"""

from __future__ import annotations

import numpy as np

LUMINANCE = (0.2126, 0.7152, 0.0722)  # of linear red, green and blue
SIGHTS = {
    "as is": np.eye(3),
    "greyscale": np.array([LUMINANCE] * 3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour: str) -> np.ndarray:
    """Return linear red, green and blue, 0 to 1, of a colour written as #rrggbb."""
    coded = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def seen(colour: str, sight: str) -> np.ndarray:
    """Return linear red, green and blue of a colour as one of `SIGHTS` sees it."""
    return np.clip(SIGHTS[sight] @ linear(colour), 0, 1)


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Return the contrast of two linear colours, 1 to 21."""
    low, high = sorted(float(LUMINANCE @ colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: np.ndarray) -> np.ndarray:
    """Return lightness and the two opponent colours of CIELAB, under D65."""
    ratio = _TO_XYZ @ colour / _TO_XYZ.sum(axis=1)
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Return how far apart two colours of CIELAB are: 1 is hardly seen, 10 at a glance."""
    chroma = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    stretch = 1 + (1 - np.sqrt(chroma**7 / (chroma**7 + 25**7))) / 2
    (l1, a1, b1), (l2, a2, b2) = (c * np.array([1, stretch, 1]) for c in (one, other))
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    coloured = c1 * c2 > 0
    turn = ((h2 - h1 + 180) % 360 - 180) if coloured else 0.0
    hue = (h1 + turn / 2) % 360 if coloured else h1 + h2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * t)
    turned = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    mixed = -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * np.sin(np.radians(2 * turned))
    return float(np.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + mixed * by_chroma * by_hue))


def distance(one: str, other: str, sight: str = "as is") -> float:
    """Return how far apart one of `SIGHTS` sees two colours written as #rrggbb, CIEDE2000."""
    return ciede2000(lab(seen(one, sight)), lab(seen(other, sight)))
