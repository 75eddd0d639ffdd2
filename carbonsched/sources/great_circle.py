"""How far places on the globe are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EARTH = 6371.0088  # km, mean radius of the Earth (IUGG)


def great_circle(
    origins: Sequence[tuple[float, float]], places: Sequence[tuple[float, float]]
) -> np.ndarray:
    """Return distances in km, origins by places, by the haversine formula on a sphere.

    Parameters
    ----------
    origins, places : sequence of (float, float)
        Latitude and longitude in degrees.

    Examples
    --------
    >>> great_circle([(0.0, 0.0)], [(0.0, 180.0), (90.0, 0.0)]).round().tolist()
    [[20015.0, 10008.0]]
    """
    lat1, lon1 = np.radians(np.reshape(origins, (-1, 2))).T[:, :, None]
    lat2, lon2 = np.radians(np.reshape(places, (-1, 2))).T[:, None, :]
    haversine = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
