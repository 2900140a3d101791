"""Columnar replay: what policies would have done to a whole history.

`replay` is a pure function on Arrow tables, `Backtest` takes a history piece by
piece. The columns are described in `fsm.bulk.read.layout`.
"""

from fsm.bulk.backtest import Backtest, replay

__all__ = ["Backtest", "replay"]
