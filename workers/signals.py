"""Being told to stop, once or twice, and stopping."""

import asyncio
import signal


class Stop:
    """SIGTERM or SIGINT: the first asks to stop, the second to stop at once."""

    def __init__(self) -> None:
        """Listen from now on, in the running event loop."""
        self.asked = asyncio.Event()
        self.insisted = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._told)

    def _told(self) -> None:
        (self.insisted if self.asked.is_set() else self.asked).set()


def stop_asked() -> asyncio.Event:
    """Return what is set at the first signal, from now on."""
    return Stop().asked
