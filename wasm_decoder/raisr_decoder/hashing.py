"""Plane -> bucket and orientation of each cell: FORMAT.md, section 5.

RAISR's hash quantises the angle, strength and coherence of gradients (Romano, Isidoro, Milanfar,
"RAISR: Rapid and Accurate Image Super Resolution", 2016, section III-B). Here the
bucket is the leaf of a trained decision tree, which compares one feature with one threshold at each
node.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from raisr_decoder.features import cell_features
from raisr_decoder.tree import Tree, descend


def hash_cells(
    padded: NDArray[np.uint8], tree: Tree
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Bucket and orientation of each cell.

    Parameters
    ----------
    padded : ndarray of shape (2 * K + 6, 2 * L + 6), uint8
        As `pad` returns it.
    tree : Tree

    Returns
    -------
    bucket : ndarray of shape (K, L), int32
        Leaf of the tree, from 0.
    orientation : ndarray of shape (K, L), int32
        As `cell_features` returns it.
    """
    features, orientation = cell_features(padded)
    bucket = descend(tree, features.reshape(len(features), -1))
    return bucket.reshape(orientation.shape), orientation
