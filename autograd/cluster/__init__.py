"""Run compiled kernels over batches on many cores and machines with Dask. Needs the extra `cluster`."""

from .connecting import connect
from .folders import folder
from .rows import Rows, rows
from .spreading import Spread, spread
from .tasks import run_on
from .waiting import gathered

__all__ = ["Rows", "Spread", "connect", "folder", "gathered", "rows", "run_on", "spread"]
