"""A web service that describes uploaded images and streams the response.

python examples/web_service.py [--fake] [--port 8000]
curl --data-binary @photo.jpg "http://localhost:8000/describe?question=What+is+this"
"""

from __future__ import annotations

import argparse
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

from xai_vision import AsyncClient, errors
from xai_vision.chat import image
from xai_vision.testing import FakeServer

# The HTTP status for each error.
STATUSES = {
    errors.ImageError: 415,
    errors.ImageRefusedError: 422,
    errors.RateLimitError: 429,
    errors.RequestTimeoutError: 504,
    errors.APIError: 502,
}


def make_app(**client: object) -> FastAPI:
    """Create the app; the keywords are those of AsyncClient."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncClient(**client) as app.state.client:
            yield

    app = FastAPI(title="Descriptions", lifespan=lifespan)

    @app.post("/describe")
    async def describe(request: Request, question: str = "What is this?") -> StreamingResponse:
        chat = request.app.state.client.chat.create("grok-4")
        try:
            upload = image(await request.body(), name="upload", max_side=2000)
            pairs = chat.ask_stream(question, upload)
            first = await anext(pairs)  # errors are raised before the first chunk
        except tuple(STATUSES) as error:
            status = next(code for cls, code in STATUSES.items() if isinstance(error, cls))
            raise HTTPException(status, str(error)) from None

        async def text() -> AsyncIterator[str]:
            async with contextlib.aclosing(pairs):  # a disconnect cancels the call
                yield str(first[1])
                async for _, chunk in pairs:
                    yield str(chunk)

        return StreamingResponse(text(), media_type="text/plain; charset=utf-8")

    return app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fake", action="store_true", help="use a fake server instead of Grok")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    with FakeServer() if options.fake else contextlib.nullcontext() as server:
        client = {"api_key": server.api_key, "api_host": server.target} if server else {}
        with socket.create_server(("127.0.0.1", options.port)) as listening:
            print(f"http://localhost:{listening.getsockname()[1]}", flush=True)
            config = uvicorn.Config(make_app(**client), log_level="warning")
            uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
