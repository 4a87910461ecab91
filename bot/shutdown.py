"""Signals and time limits of the program's end.

Must never wait for ever: a client that sends half a message, or a thread that is stuck, cannot keep
the program from stopping.
"""

import asyncio
import os
import signal
import threading

from bot.terminal import ERR

#: How long answers under way may take after the signal to stop, in seconds.
GRACE_SECONDS = 8.0
#: How long after the signal the program ends by force, in seconds: Rasa has five to stop.
_MAX_SECONDS = GRACE_SECONDS + 7.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def handle_stop_signals() -> asyncio.Event:
    """An event that Ctrl-C and SIGTERM set. A second signal ends the process at once.

    The kernel then ends Rasa too, and no database is harmed: each can be killed at any time. Must
    be called inside a running loop.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        # A daemon, so that an orderly end does not wait for it.
        timer = threading.Timer(_MAX_SECONDS, _end_by_force)
        timer.daemon = True
        timer.start()
        ERR.print("Stopping ...   Press Ctrl-C again to stop at once.")
        stopping.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    return stopping


def _end_by_force() -> None:
    ERR.print("Something was still under way and was cut off.")
    os._exit(1)
