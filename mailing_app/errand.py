"""An errand: what one thread of its own does, never two at a time, until it is told to leave."""

import threading


class Errand:
    """Runs `_run` in a thread that ends with the process, whatever holds it up. Who runs looks at `_stopping`."""

    def __init__(self, name: str, leave_within: float) -> None:
        self._name, self._leave_within = name, leave_within
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """See to it that the thread runs: the first call starts it, and one that ended or died is started again."""
        if not self._stopping.is_set() and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def ask_to_stop(self) -> None:
        """Begin nothing from now on; returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """Leave: what is on its way is finished, if that is soon done."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(self._leave_within)

    def _run(self) -> None:
        raise NotImplementedError
