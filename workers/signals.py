"""Being told to stop."""

import asyncio
import signal


def stop_asked() -> asyncio.Event:
    """Return what is set at SIGTERM or SIGINT, from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
