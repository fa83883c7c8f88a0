"""A cassette that replays one call of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xai_vision.proto import chat_pb2
from xai_vision.proto.chat_pb2_grpc import Chat
from xai_vision.testing._cassettes.cassette_file import CassetteContent, Interaction
from xai_vision.testing._cassettes.encoding import Encoder, request_seed
from xai_vision.testing._cassettes.identifiers import IdNames, IdSeed
from xai_vision.testing._cassettes.image_table import ImageTable
from xai_vision.testing._errors import ServiceError
from xai_vision.testing._service.response.chunking import split_response

if TYPE_CHECKING:
    from xai_vision.testing._calls.record import Call


def cassette_text(call: Call) -> str:
    """Return the text of a cassette with one call; "" if the call is not a completed completion.

    The log does not have the chunks of a stream. The copy has the text in one chunk, and the
    recorded times are 0.
    """
    if not isinstance(call.request, chat_pb2.GetCompletionsRequest):
        return ""
    images = ImageTable()
    for image in call.images:
        images.note(image.facts)
    encoder = Encoder(images, IdNames())
    method = (Chat.GetCompletionChunk if call.stream else Chat.GetCompletion).path[1:]
    request = encoder.request([call.request])
    seed = IdSeed(request_seed(method, request))
    interaction = Interaction(method, request)
    if call.status not in ("", "OK", "CANCELLED"):
        interaction.error = encoder.error(ServiceError(call.status, call.details), seed)
    elif isinstance(call.response, chat_pb2.GetChatCompletionResponse):
        messages = split_response(call.response, 1) if call.stream else [call.response]
        responses = [encoder.response(message, seed) for message in messages]
        encoder.clean_stream(responses)
        interaction.responses = [{"seconds": 0.0, "message": values} for values in responses]
    else:
        return ""
    return CassetteContent([interaction], images.entries).to_text()
