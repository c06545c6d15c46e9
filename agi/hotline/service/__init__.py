"""The service: the parts of the hotline put together.

- `calls`: serves one call and writes down what became of it.
- `ways_in`: the doors by the settings, and having them open.
- `fitness`: whether the database is one to serve with.
- `running`: held, resumed, drained and stopped.
- `wiring`: builds the parts, starts them and stops them in order.
"""

from hotline.service.running import Running, stop_signal, stopped_or_ended
from hotline.service.wiring import serving

__all__ = ["Running", "serving", "stop_signal", "stopped_or_ended"]
