"""Send a small picture, show a big one: photographs to payloads and back.

>>> import numpy as np
>>> import raisr
>>> image = np.full((60, 90, 3), 128, np.uint8)
>>> data = raisr.encode(image, base="jpeg", target_size=2000)
>>> raisr.decode(data).shape
(60, 90, 3)

`encode`, `decode`, `upscale`, `info`, `read` and `write` are all that most programs need. Importing
this package takes neither Numba nor a codec; the functions import what they need.
"""

from raisr.api import Info, decode, encode, info, read, upscale, write
from raisr_decoder.errors import RaisrError

__all__ = ["Info", "RaisrError", "decode", "encode", "info", "read", "upscale", "write"]
