"""`flask …` on a wall clock that is so many seconds ahead as AHEAD says: `python -m tests.processes.ahead serve`."""

import os
from datetime import UTC, datetime, timedelta

import time_machine
from flask.cli import main

if __name__ == "__main__":
    time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(os.environ["AHEAD"])), tick=True).start()
    main()
