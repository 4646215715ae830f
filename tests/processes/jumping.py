"""`flask …` on a wall clock that jumps: SIGUSR1 sets it back by an hour, SIGUSR2 forward. The monotonic one goes on.

Run as `python -m tests.processes.jumping dispatcher`.
"""

import signal
from datetime import UTC, datetime

import time_machine
from flask.cli import main

HOUR = 3600.0

if __name__ == "__main__":
    wall = time_machine.travel(datetime.now(UTC), tick=True).start()
    signal.signal(signal.SIGUSR1, lambda _number, _frame: wall.shift(-HOUR))
    signal.signal(signal.SIGUSR2, lambda _number, _frame: wall.shift(HOUR))
    main()
