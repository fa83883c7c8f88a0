"""Performing exchanges with await: sync.py's twin."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import grpc

from xai_vision._transport.attempts import CallContext
from xai_vision._transport.config import ConnectionConfig
from xai_vision._transport.durations import READY_SECONDS, call_seconds
from xai_vision._transport.fork_safety import aio_is_lost, note_use_of_aio
from xai_vision._transport.idle_timeout import IdleTimeoutError, apaced
from xai_vision._transport.rpc import RpcCall, Out, Sleep, Res, SequenceRunner, CallSequence
from xai_vision._transport.status_mapping import not_ready
from xai_vision._transport.threaded import ThreadedTransport
from xai_vision._transport.upload_limiter import LARGE_REQUEST_BYTES, SingleMessageStream, UploadLimiter, UploadSlot
from xai_vision.errors import APIError, ClientClosedError

R = TypeVar("R")

_CLOSE_SECONDS = 2.0


class _Link:
    """The channel of one event loop: grpc binds a channel to the loop it was made in."""

    __slots__ = ("_callables", "calls", "channel", "sending")

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.sending = UploadLimiter()
        self._callables: dict[tuple[str, str], Callable[..., Any]] = {}
        # Those under way. grpc looks for them in the tasks of the loop, and with grpcio before
        # 1.8x does not find those that are awaited from within a generator.
        self.calls: set[Any] = set()

    def start(self, shape: str, path: str, request: object, given: dict[str, Any]) -> Any:
        """Make a call."""
        known = self._callables.get((shape, path))
        if known is None:
            known = self._callables[shape, path] = getattr(self.channel, shape)(path)
        call = known(request, **given)
        self.calls.add(call)
        return call

    async def close(self) -> None:
        """Cancel what is under way, and close the channel."""
        self.sending.close()
        for call in list(self.calls):
            call.cancel()
        await self.channel.close()


class AsyncTransport:
    """Connections to the service, one per event loop that uses it, made on first use."""

    def __init__(self, connection: ConnectionConfig) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._links: dict[asyncio.AbstractEventLoop, _Link] = {}
        self._threaded: ThreadedTransport | None = None
        self._pid = os.getpid()
        self._closed = False

    async def unary(self, exchange: RpcCall[Res, Out]) -> Out:
        """Send a request and wait for its reply; cancelling the task cancels the call."""
        if aio_is_lost():
            return await self._by_threads().unary(exchange)
        with CallContext(exchange, self._connection) as course:
            while True:
                try:
                    return course.answered(await self._reply(exchange, course))
                except grpc.RpcError as error:
                    wait = course.failed(error, closed=self._closed)
                except asyncio.CancelledError:
                    if self._was_closed():
                        raise course.interrupted() from None
                    raise
                await asyncio.sleep(wait)

    async def stream(self, exchange: RpcCall[Res, Out]) -> AsyncGenerator[Out, None]:
        """Send a request and hand on its replies as they come; leaving early cancels it."""
        if aio_is_lost():
            async with aclosing(self._by_threads().stream(exchange)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        with CallContext(exchange, self._connection) as course:
            while True:
                link, method = self._link(), exchange.method
                call = link.start(method.shape, method.path, exchange.body, course.attempt())
                try:
                    async for reply in apaced(call, exchange.options.idle_timeout):
                        yield course.piece(reply)
                except (grpc.RpcError, IdleTimeoutError) as error:
                    wait = course.failed(error, closed=self._closed)
                except asyncio.CancelledError:
                    if self._was_closed():
                        raise course.interrupted() from None
                    raise
                else:
                    course.ended()
                    return
                finally:
                    link.calls.discard(call)
                    call.cancel()
                await asyncio.sleep(wait)

    async def run(self, steps: CallSequence[R]) -> R:
        """Perform work of several calls."""
        stepper = SequenceRunner(steps)
        while not stepper.done:
            step = stepper.step
            if isinstance(step, Sleep):
                await asyncio.sleep(step.seconds)
                stepper.send(None)
                continue
            try:
                reply = await self.unary(step)
            except APIError as error:
                stepper.throw(error)
            else:
                stepper.send(reply)
        return stepper.result

    async def ready(self, timeout: Any) -> None:
        """Connect, and wait until that is done."""
        if aio_is_lost():
            return await self._by_threads().ready(timeout)
        limit = call_seconds(timeout) or READY_SECONDS
        try:
            await asyncio.wait_for(self._link().channel.channel_ready(), limit)
        except asyncio.TimeoutError:
            raise not_ready(self._connection.target, limit) from None

    async def close(self) -> None:
        """Close the connection; calls under way are cancelled. Again is no error."""
        with self._lock:
            self._closed = True
            links, self._links = self._links, {}
            threaded, self._threaded = self._threaded, None
        if threaded is not None:
            threaded.close()
        if self._pid != os.getpid():
            return
        running = asyncio.get_running_loop()
        for loop, link in links.items():
            # A channel can only be closed in its own loop; one whose loop is closed has no calls
            # left and goes with the last reference to it.
            if loop is running:
                await link.close()
            elif loop.is_running():
                closing = asyncio.wrap_future(_close_in(loop, link))
                # The loop may stop before it gets to that; nobody shall wait for it then.
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(closing, _CLOSE_SECONDS)

    async def _reply(self, exchange: RpcCall[Any, Any], course: CallContext[Any, Any]) -> Any:
        link, path, body = self._link(), exchange.method.path, exchange.body
        large = len(body) >= LARGE_REQUEST_BYTES and not exchange.options.wait_for_ready
        turn = await self._turn(link, len(body), course) if large else None
        call = None
        try:
            if turn is None:
                call = link.start("unary_unary", path, body, course.attempt())
            else:
                call = link.start("stream_unary", path, SingleMessageStream(body, turn), course.attempt())
            return await call
        finally:
            link.calls.discard(call)
            if turn is not None:
                turn.end()

    async def _turn(self, link: _Link, size: int, course: CallContext[Any, Any]) -> UploadSlot:
        # Neither wait_for(), which up to Python 3.11 may swallow a cancellation, nor a task.
        woken = asyncio.Event()
        turn = link.sending.turn(size, woken.set)
        try:
            while not turn.come:
                limit = min(turn.patience, course.left)
                timer = asyncio.get_running_loop().call_later(limit, woken.set)
                await woken.wait()
                timer.cancel()
                woken.clear()
                turn.insist()
                if not turn.come and not course.left:
                    raise course.outwaited()
            # Which may have happened meanwhile.
            self._check_open()
        except BaseException:
            turn.end()
            raise
        return turn

    def _link(self) -> _Link:
        loop = asyncio.get_running_loop()
        link = self._links.get(loop)
        if link is not None and self._pid == os.getpid():
            return link
        if self._pid != os.getpid():
            self._forked()
        with self._lock:
            self._check_open()
            # A channel keeps its loop alive, so those of loops that are done are let go of here.
            self._links = {held: one for held, one in self._links.items() if not held.is_closed()}
            link = self._links[loop] = _Link(_open(self._connection))
            return link

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed; make a new one")

    def _by_threads(self) -> ThreadedTransport:
        if self._pid != os.getpid():
            self._forked()
        with self._lock:
            self._check_open()
            if self._threaded is None:
                self._threaded = ThreadedTransport(self._connection)
            return self._threaded

    def _was_closed(self) -> bool:
        # close() in another task cancels calls under way as if their task had been cancelled;
        # Python 3.10 cannot tell the two apart, and there it stays a cancellation.
        task = asyncio.current_task()
        cancelled = getattr(task, "cancelling", lambda: 1)()
        return self._closed and not cancelled

    def _forked(self) -> None:
        # See sync.py: a parent's connections are let go of, not closed.
        self._lock = threading.Lock()
        _left_behind.append(self._links)
        self._links = {}
        self._threaded = None
        self._pid = os.getpid()


# Channels of a parent process, kept: to be freed here they would have to be closed here.
_left_behind: list[object] = []


def _close_in(loop: asyncio.AbstractEventLoop, link: _Link) -> Future[None]:
    """Have another thread's loop close its channel; done when it has."""
    done: Future[None] = Future()

    def begin() -> None:
        closing = loop.create_task(link.close())
        closing.add_done_callback(lambda _: done.set_result(None))

    loop.call_soon_threadsafe(begin)
    return done


def _open(connection: ConnectionConfig) -> grpc.aio.Channel:
    note_use_of_aio()
    options = connection.options()
    if connection.secure:
        return grpc.aio.secure_channel(connection.target, connection.credentials(), options)
    return grpc.aio.insecure_channel(connection.target, options)
