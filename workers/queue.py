"""arq's queue: its job format and keys. With `engine.py` the only place that names arq."""

import time
from typing import Any, Final

import msgspec
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.jobs import serialize_job
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from workers.keys import EVENTS_QUEUE

DISPATCH: Final = "dispatch"
DELIVER: Final = "deliver"
RUN_ACTION: Final = "run_action"
SEND_STOCK: Final = "send_stock"
JOB_PREFIX: Final = job_key_prefix
RUNNING_PREFIX: Final = in_progress_key_prefix
"""Of the mark that a job is claimed."""
# The scripts write these out; should arq ever change them, the start must fail, not lose jobs.
assert job_key_prefix == "arq:job:"  # noqa: S101 - a fact about arq, checked where it is used
assert in_progress_key_prefix == "arq:in-progress:"  # noqa: S101 - likewise

_FOR_EVER = 1_000_000
"""Tries of a worker's command while Redis is away: it waits, and goes on when Redis is back."""


def job(function: str, *args: str) -> bytes:
    """Encode a job as arq keeps it, in MessagePack."""
    return serialize_job(
        function, args, {}, None, int(time.time() * 1000), serializer=msgspec.msgpack.encode
    )


def pool(url: str) -> ArqRedis:
    """Open the connections of a worker: they wait for Redis rather than fail."""
    redis: ArqRedis = ArqRedis.from_url(
        url,
        socket_connect_timeout=1.0,
        socket_timeout=10.0,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), _FOR_EVER),
        retry_on_error=[RedisConnectionError, RedisTimeoutError, OSError],
    )
    redis.job_serializer = msgspec.msgpack.encode
    redis.job_deserializer = decode
    redis.default_queue_name = EVENTS_QUEUE
    return redis


def decode(data: bytes) -> dict[str, Any]:
    """Decode what `job` made, or an arq result in the same coding."""
    value: dict[str, Any] = msgspec.msgpack.decode(data)
    return value
