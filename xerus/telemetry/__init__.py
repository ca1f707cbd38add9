"""What operators see of a running Xerus: log lines and metrics.

`logs.py` configures structlog (events are constants, facts are keyword arguments) and takes
secrets out of whatever reaches it; `metrics.py` holds the Prometheus metrics; `trace.py`
tells which trace of the caller's a request belongs to. The audit log is another thing: see `audit/`.
"""
