"""The largest sizes that a decoder accepts: FORMAT.md, section 9."""

from __future__ import annotations

MAX_SIDE = 65535
"""Rows or columns of an output image."""

MAX_PIXELS = 1 << 27
"""Of a base image, and of an output image."""

MAX_RATIO = 8
"""Between the rows, or the columns, of the base and the output image, either way."""

MAX_METADATA_BYTES = 16 << 20
MAX_PARTS = 1 << 16
"""Segments, chunks or boxes of a file that a decoder looks at."""

MAX_BANK_BYTES = 1 << 20
MAX_QUALITY = 100
"""Of any base codec."""

MAX_KNOTS = 32
"""Qualities for which a bank states the coding noise."""

MAX_NOISE = 64
"""Coding noise, either way."""

MAX_STAGES = 8
MAX_DEPTH = 10
"""Levels of a tree."""

MAX_RANK = 64
"""Basis filters of a stage."""

MAX_WEIGHTS = 1 << 20
"""Weights of all filters of a stage; an engine may hold eight copies of 4 bytes each."""

MAX_GAIN = 31
"""A filter's absolute weights sum to at most this, so that weights fit int16, sums fit int32, and
every partial sum is exact in float32."""
