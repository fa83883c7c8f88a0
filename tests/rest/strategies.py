"""Hypothesis strategies for requests in OpenAI's formats that the protos can express."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
filled = st.text("abcdefgh é", min_size=1, max_size=8)
urls = st.sampled_from(["https://e.x/a.jpg", "https://e.x/b.png", "data:image/png;base64,iVBORw0="])
details = st.sampled_from(["low", "high"])
positive = st.integers(1, 2**31 - 1)
schemas = st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={"title": filled, "properties": st.dictionaries(filled, st.just({"type": "string"}))},
)


def short(value: float) -> float:
    """Return a 32-bit float with few digits, as people write it."""
    return float(f"{struct.unpack('f', struct.pack('f', value))[0]:.5g}")


def number(low: float, high: float):
    # Subnormal floats are too imprecise for five digits.
    floats = st.floats(low, high, width=32, allow_subnormal=False)
    return floats.map(short).filter(lambda value: low <= value <= high)


def some(required, **optional):
    return st.fixed_dictionaries(required, optional=optional)


def chat_image():
    return some({"type": st.just("image_url"), "image_url": some({"url": urls}, detail=details)})


def chat_file():
    inline = some({"filename": filled, "file_data": st.just("data:text/plain;base64,aGk=")})
    return some({"type": st.just("file"), "file": inline | some({"file_id": filled})})


def chat_text():
    return some({"type": st.just("text"), "text": texts})


# A single text is written as a string, so no such list survives a round trip.
chat_content = texts | st.lists(
    chat_text() | chat_image() | chat_file(), min_size=1, max_size=4
).filter(lambda parts: len(parts) > 1 or parts[0]["type"] != "text")
chat_call = some(
    {
        "id": filled,
        "type": st.just("function"),
        "function": some({"name": filled, "arguments": texts}),
    }
)
chat_message = st.one_of(
    some(
        {"role": st.sampled_from(["user", "system", "developer"]), "content": chat_content},
        name=filled,
    ),
    some(
        {"role": st.just("assistant"), "content": chat_content},
        tool_calls=st.lists(chat_call, min_size=1, max_size=2),
        reasoning_content=filled,
    ),
    some(
        {
            "role": st.just("assistant"),
            "content": st.none(),
            "tool_calls": st.lists(chat_call, min_size=1, max_size=2),
        }
    ),
    some({"role": st.just("tool"), "content": chat_content}, tool_call_id=filled),
)
function = some({"name": filled}, description=filled, parameters=schemas, strict=st.just(True))
flags = st.booleans()
place = some({"type": st.just("approximate"), "country": filled}, city=filled, timezone=filled)
x_search = some(
    {"type": st.just("x_search")},
    allowed_x_handles=st.lists(filled, min_size=1, max_size=2),
    from_date=st.dates().map(lambda day: day.isoformat()),
    enable_image_understanding=flags,
    enable_video_understanding=flags,
)
searches = {"enable_image_understanding": flags, "enable_image_search": flags}
domains = st.lists(filled, min_size=1, max_size=2)
chat_tool = st.one_of(
    some({"type": st.just("function"), "function": function}),
    some({"type": st.just("web_search")}, allowed_domains=domains, user_location=place, **searches),
    x_search,
    some({"type": st.just("mcp"), "server_url": filled}, allowed_tool_names=domains),
)
live_search = some(
    {"mode": st.sampled_from(["on", "off", "auto"])},
    sources=st.lists(
        some({"type": st.just("web")}, allowed_websites=domains, safe_search=st.just(True))
        | some({"type": st.just("x")}, included_x_handles=domains, post_view_count=positive)
        | some({"type": st.just("rss"), "links": domains}),
        min_size=1,
        max_size=2,
    ),
    return_citations=st.just(True),
    max_search_results=positive,
    from_date=st.dates().map(lambda day: day.isoformat()),
)
common = {
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "logprobs": st.just(True),
    "top_logprobs": st.integers(0, 8),
    "parallel_tool_calls": flags,
    "max_turns": positive,
    "search_parameters": live_search,
    "service_tier": st.sampled_from(["default", "priority"]),
    "user": filled,
    "safety_identifier": filled,
}
efforts = st.sampled_from(["none", "low", "medium", "high", "xhigh"])
modes = st.sampled_from(["auto", "none", "required"])
plain_format = some({"type": st.sampled_from(["text", "json_object"])})


def named(schema):
    """Return the options of a JSON schema; its title is its name."""
    return {"name": schema.get("title") or "response", "strict": True, "schema": schema}


chat_body = some(
    {"model": filled, "messages": st.lists(chat_message, min_size=1, max_size=4)},
    **common,
    n=positive,
    max_tokens=positive,
    seed=st.integers(-(2**31), 2**31 - 1),
    stop=st.lists(filled, min_size=1, max_size=3),
    frequency_penalty=number(-2, 2),
    presence_penalty=number(-2, 2),
    reasoning_effort=efforts,
    store=st.just(True),
    tools=st.lists(chat_tool, min_size=1, max_size=3),
    tool_choice=modes | some({"type": st.just("function"), "function": some({"name": filled})}),
    response_format=plain_format
    | schemas.map(lambda schema: {"type": "json_schema", "json_schema": named(schema)}),
)

input_text = some({"type": st.just("input_text"), "text": texts})
input_image = some({"type": st.just("input_image"), "image_url": urls}, detail=details) | some(
    {"type": st.just("input_image"), "file_id": filled}
)
input_file = some({"type": st.just("input_file")} | {"file_id": filled}) | some(
    {"type": st.just("input_file"), "file_url": urls}
)
parts = st.lists(input_text | input_image | input_file, min_size=1, max_size=4).filter(
    lambda parts: len(parts) > 1 or parts[0]["type"] != "input_text"
)
user_item = some({"role": st.sampled_from(["user", "developer"]), "content": texts | parts})
assistant_item = some({"role": st.just("assistant"), "content": texts})
call_item = some(
    {
        "type": st.just("function_call"),
        "call_id": filled,
        "name": filled,
        "arguments": texts,
    }
)
output_item = some(
    {"type": st.just("function_call_output"), "call_id": filled, "output": texts | parts}
)
reasoning_item = some(
    {
        "type": st.just("reasoning"),
        "summary": st.lists(some({"type": st.just("summary_text"), "text": filled}), max_size=1),
    },
    encrypted_content=filled,
)
items = st.lists(
    user_item | assistant_item | call_item | output_item | reasoning_item, min_size=1, max_size=5
)
tool_item = st.one_of(
    function.map(lambda options: {"type": "function", **options}),
    some(
        {"type": st.just("web_search")},
        filters=some({"allowed_domains": domains}),
        user_location=place,
        **searches,
    ),
    x_search,
    some({"type": st.just("code_interpreter")}),
    some({"type": st.just("file_search"), "vector_store_ids": domains}, max_num_results=positive),
    some({"type": st.just("mcp"), "server_url": filled}, allowed_tools=domains),
)
responses_body = some(
    {"model": filled, "input": items},
    **common,
    instructions=texts,
    max_output_tokens=positive,
    store=st.just(False),
    include=st.just(["reasoning.encrypted_content"]),
    reasoning=some({"effort": efforts}),
    tools=st.lists(tool_item, min_size=1, max_size=3),
    tool_choice=modes | some({"type": st.just("function"), "name": filled}),
    text=(plain_format | schemas.map(lambda schema: {"type": "json_schema", **named(schema)})).map(
        lambda form: {"format": form}
    ),
) | some({"model": filled, "input": items, "previous_response_id": filled})
