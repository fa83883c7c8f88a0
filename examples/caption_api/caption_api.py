"""A web API that writes captions and streams descriptions of photos, with tests beside it.

uvicorn --app-dir examples/caption_api caption_api:app
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

from xai_vision import AsyncClient, errors
from xai_vision.chat import image, user

TIMEOUT = 20.0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Share one client; XAI_API_KEY and XAI_API_HOST configure it."""
    async with AsyncClient() as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


# The HTTP status and the text for each error.
STATUSES = {
    errors.ImageError: (415, "the upload is not a usable image"),
    errors.ImageRefusedError: (415, "the upload is not a usable image"),
    errors.RateLimitError: (429, "too many photos at the moment"),
    errors.RequestTimeoutError: (504, "no answer in time"),
    errors.APIError: (502, "the caption service failed"),
}


@app.exception_handler(errors.XaiVisionError)
async def failed(_: Request, error: errors.XaiVisionError) -> JSONResponse:
    """Answer with the status of an error."""
    known = (value for kind, value in STATUSES.items() if isinstance(error, kind))
    status, text = next(known, (500, "internal error"))
    return JSONResponse({"detail": f"{text}: {error}" if status == 415 else text}, status)


@app.post("/captions")
async def caption(request: Request, language: str = "English") -> dict[str, str]:
    """Return a caption for the photo in the body."""
    chat = request.app.state.client.chat.create("grok-4-fast", temperature=0.2)
    photo = image(await request.body(), name="upload", max_side=1024)
    chat.append(user(f"Write a caption in {language}.", photo))
    response = await chat.sample(timeout=TIMEOUT)
    return {"caption": response.content, "id": response.id}


@app.post("/descriptions")
async def describe(request: Request, question: str = "What is this?") -> StreamingResponse:
    """Stream the answer to a question about the photo in the body."""
    chat = request.app.state.client.chat.create("grok-4-fast")
    photo = image(await request.body(), name="upload", max_side=2000)
    pairs = chat.ask_stream(question, photo)
    _, first = await anext(pairs)  # most errors are raised before the first chunk

    async def text() -> AsyncIterator[str]:
        async with aclosing(pairs):  # a disconnect cancels the call
            yield first.content
            async for _, chunk in pairs:
                yield chunk.content

    return StreamingResponse(text(), media_type="text/plain; charset=utf-8")
