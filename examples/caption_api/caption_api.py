"""A web API that writes captions for uploaded photos, with tests in the same directory.

uvicorn --app-dir examples/caption_api caption_api:app
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request

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


@app.post("/captions")
async def caption(request: Request, language: str = "English") -> dict[str, str]:
    """Return a caption for the photo in the body."""
    chat = app.state.client.chat.create("grok-4-fast", temperature=0.2)
    photo = await request.body()
    try:
        chat.append(user(f"Write a caption in {language}.", image(photo, max_side=1024)))
        response = await chat.sample(timeout=TIMEOUT)
    except (errors.ImageError, errors.ImageRefusedError) as error:
        raise HTTPException(415, f"the upload is not a usable image: {error}") from error
    except errors.RateLimitError as error:
        raise HTTPException(429, "too many photos at the moment") from error
    except errors.RequestTimeoutError as error:
        raise HTTPException(504, "no caption in time") from error
    except errors.APIError as error:
        raise HTTPException(502, "the caption service failed") from error
    return {"caption": response.content, "id": response.id}
