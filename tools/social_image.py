"""Draw what a link to the book is shared with: the front page's figure, 1200 by 630 pixels.

python tools/social_image.py
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "book" / "_static" / "social.png"
WIDTH, HEIGHT, DPI = 1200, 630, 150


def draw() -> None:
    sys.path.insert(0, str(ROOT / "book"))
    import front_page

    figure = front_page.draw(*front_page.week(), size=(WIDTH / DPI, HEIGHT / DPI))
    figure.suptitle("Carbon-aware compute–power scheduling", fontsize=16, fontweight="bold")
    # no versions and no hour inside: the same figure, the same bytes
    figure.savefig(PICTURE, dpi=DPI, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    draw()
    print(PICTURE.relative_to(ROOT))
