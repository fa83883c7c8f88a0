"""The same calls of image, video, batch and collections send the same as with xai_sdk.

Values are generated. test_refusals.py has those that only xai_sdk sends.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.peer
SETTINGS = {"max_examples": 40, "suppress_health_check": [HealthCheck.too_slow]}

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
filled = text.filter(str.strip)
urls = st.sampled_from(["https://e.x/a.png", "data:image/png;base64,iVBORw0KGgo="])
seconds = st.integers(3600, 2592000)
durations = seconds | seconds.map(lambda n: timedelta(seconds=n, milliseconds=900))
storage = st.fixed_dictionaries(
    {"filename": st.sampled_from(["a.jpg", "ü.png"])},
    optional={
        "expires_after": durations,
        "public_url": st.booleans()
        | st.fixed_dictionaries({}, optional={"expires_after": durations}),
    },
)


def optional(**strategies):
    """Return keywords that are left out, None, or generated."""
    return st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in strategies.items()})


def one_source(name):
    """Return a URL, a file's id, or neither."""
    url = st.fixed_dictionaries({f"{name}_url": urls})
    file_id = st.fixed_dictionaries({f"{name}_file_id": filled})
    return st.just({}) | url | file_id


def merged(*parts):
    return st.tuples(*parts).map(lambda dicts: {k: v for d in dicts for k, v in d.items()})


several_images = st.fixed_dictionaries(
    {},
    optional={
        "image_urls": st.lists(urls, max_size=2),
        "image_file_ids": st.lists(filled, max_size=2),
    },
)
image_settings = merged(
    one_source("image") | several_images,
    optional(
        user=text,
        image_format=st.sampled_from(["base64", "url"]),
        aspect_ratio=st.sampled_from(
            "1:1 3:4 4:3 9:16 16:9 2:3 3:2 9:19.5 19.5:9 9:20 1:2".split()
        ),
        resolution=st.sampled_from(["1k", "2k"]),
        quality=st.sampled_from(["low", "medium"]),
        storage_options=storage,
    ),
)
keyframes = st.builds(
    lambda source, timestamps: [{**source, "timestamp": t} for t in timestamps],
    st.fixed_dictionaries({"image_url": urls})
    | st.fixed_dictionaries({"image_file_id": st.just("f")}),
    st.lists(st.sampled_from([1, 1.5, 2.25, 3]), max_size=4, unique=True),
)
video_settings = merged(
    one_source("image") | one_source("video"),
    one_source("last_frame"),
    optional(
        keyframes=keyframes,
        duration=st.integers(4, 15),
        aspect_ratio=st.sampled_from("1:1 16:9 9:16 4:3 3:4 3:2 2:3".split()),
        resolution=st.sampled_from(["480p", "720p", "1080p"]),
        reference_image_urls=st.lists(urls, max_size=2),
        reference_image_file_ids=st.lists(filled, max_size=2),
        reference_audios=st.lists(st.fixed_dictionaries({"voice_id": st.just("v")}), max_size=3),
        generate_audio=st.booleans(),
        storage_options=storage,
    ),
)
video_source = st.fixed_dictionaries({"video_url": urls}) | st.fixed_dictionaries(
    {"video_file_id": filled}
)
extension_settings = merged(
    video_source, optional(duration=st.integers(1, 10), storage_options=storage)
)


@given(filled, st.integers(1, 10), image_settings)
@settings(**SETTINGS)
def test_images(pair, prompt, n, options):
    model = "grok-imagine-image"
    pair.assert_same(lambda sdk, client: client.image.sample(prompt, model, **options))
    pair.assert_same(lambda sdk, client: client.image.sample_batch(prompt, model, n, **options))


@given(filled, video_settings)
@settings(**SETTINGS)
def test_videos(pair, prompt, options):
    model = "grok-imagine-video"
    pair.assert_same(lambda sdk, client: client.video.start(prompt, model, **options))
    pair.assert_same(lambda sdk, client: client.video.generate(prompt, model, **options))


@given(filled, extension_settings)
@settings(**SETTINGS)
def test_video_extensions(pair, prompt, options):
    model = "grok-imagine-video"
    pair.assert_same(lambda sdk, client: client.video.extend_start(prompt, model, **options))
    pair.assert_same(lambda sdk, client: client.video.extend(prompt, model, **options))


def test_a_videos_state(pair):
    pair.assert_same(lambda sdk, client: client.video.get("r-1"))


requests = st.one_of(
    st.tuples(st.just("image"), filled, image_settings),
    st.tuples(st.just("video"), filled, video_settings),
    st.tuples(st.just("extension"), filled, extension_settings),
    st.tuples(st.just("chat"), filled, optional(temperature=st.just(0.5), user=text)),
)
METHODS = {
    "image": lambda client: client.image.prepare,
    "video": lambda client: client.video.prepare,
    "extension": lambda client: client.video.prepare_extension,
}


@given(st.lists(st.tuples(requests, st.booleans()), min_size=1, max_size=4))
@settings(**SETTINGS)
def test_requests_of_batches(pair, drawn):
    def add(sdk, client):
        items = []
        for number, ((kind, prompt, options), named) in enumerate(drawn):
            name = f"id-{number}" if named else None
            if kind == "chat":
                messages = [sdk.chat.user(prompt)]
                items.append(
                    client.chat.create(
                        "grok-4", messages=messages, batch_request_id=name, **options
                    )
                )
            else:
                prepare = METHODS[kind](client)
                items.append(prepare(prompt, "grok-imagine", batch_request_id=name, **options))
        client.batch.add("batch-1", items)

    pair.assert_same(add)


@given(filled, optional(input_file_id=filled))
@settings(**SETTINGS)
def test_created_batches(pair, name, options):
    pair.assert_same(lambda sdk, client: client.batch.create(name, **options))


page = optional(limit=st.integers(1, 100), pagination_token=filled)


@given(filled, page)
@settings(**SETTINGS)
def test_other_calls_of_batches(pair, batch_id, options):
    pair.assert_same(lambda sdk, client: client.batch.get(batch_id))
    pair.assert_same(lambda sdk, client: client.batch.cancel(batch_id))
    pair.assert_same(lambda sdk, client: client.batch.list(**options))
    pair.assert_same(lambda sdk, client: client.batch.list_batch_requests(batch_id, **options))
    pair.assert_same(lambda sdk, client: client.batch.list_batch_results(batch_id, **options))


def chunks_of(unit, **more):
    """Return a configuration of chunks; an overlap of a chunk's size is refused here only."""
    fields = {f"max_chunk_size_{unit}": st.integers(100, 1000)}
    fields[f"chunk_overlap_{unit}"] = st.integers(0, 99)
    return st.fixed_dictionaries({f"{unit}_configuration": st.fixed_dictionaries(fields | more)})


chunk_configurations = merged(
    chunks_of("chars") | chunks_of("tokens", encoding_name=filled) | chunks_of("bytes"),
    st.fixed_dictionaries(
        {}, optional={"strip_whitespace": st.booleans(), "inject_name_into_chunks": st.booleans()}
    ),
)
definitions = st.fixed_dictionaries(
    {
        "key": filled,
        "required": st.booleans(),
        "inject_into_chunk": st.booleans(),
        "unique": st.booleans(),
    },
    optional={"description": text},
)


def key_of(change):
    return change.get("field_definition", change)["key"]


changes = st.one_of(
    st.fixed_dictionaries({"field_definition": definitions, "operation": st.just("add")}),
    st.fixed_dictionaries({"key": filled, "operation": st.just("delete")}),
)


@given(
    filled,
    optional(
        model_name=filled,
        chunk_configuration=chunk_configurations,
        metric_space=st.sampled_from(["cosine", "euclidean", "inner_product"]),
        field_definitions=st.lists(definitions, max_size=2, unique_by=key_of),
        description=text,
    ),
)
@settings(**SETTINGS)
def test_created_collections(pair, name, options):
    pair.assert_same(lambda sdk, client: client.collections.create(name, **options))


@given(
    optional(
        limit=st.integers(1, 100),
        order=st.sampled_from(["asc", "desc"]),
        filter=filled,
        pagination_token=filled,
    ),
    st.sampled_from(["name", "age", "size", None]),
)
@settings(**SETTINGS)
def test_lists_of_collections(pair, options, sort_by):
    pair.assert_same(
        lambda sdk, client: client.collections.list_documents("c", sort_by=sort_by, **options)
    )
    if sort_by != "size":
        pair.assert_same(lambda sdk, client: client.collections.list(sort_by=sort_by, **options))


@given(
    st.fixed_dictionaries(
        {"name": filled},
        optional={
            "chunk_configuration": chunk_configurations,
            "field_definitions": st.lists(changes, min_size=1, max_size=2, unique_by=key_of),
            "description": text,
        },
    )
)
@settings(**SETTINGS)
def test_updated_collections(pair, options):
    pair.assert_same(lambda sdk, client: client.collections.update("c", **options))


@given(
    filled,
    st.lists(filled, min_size=1, max_size=3),
    optional(
        limit=st.integers(1, 100),
        instructions=text,
        retrieval_mode=st.sampled_from(["hybrid", "semantic", "keyword"]),
    ),
)
@settings(**SETTINGS)
def test_searches(pair, query, ids, options):
    pair.assert_same(lambda sdk, client: client.collections.search(query, ids, **options))


fields = st.none() | st.dictionaries(filled, text, max_size=2)


@given(st.sampled_from(["a.txt", "ü.pdf"]), st.binary(max_size=50), fields, st.booleans())
@settings(**SETTINGS)
def test_uploaded_documents(pair, name, data, values, wait):
    pair.assert_same(
        lambda sdk, client: client.collections.upload_document(
            "c", name, data, values, wait_for_indexing=wait
        )
    )


@given(filled, filled, fields, st.lists(filled, min_size=1, max_size=3))
@settings(**SETTINGS)
def test_other_calls_of_collections(pair, collection, file, values, files):
    def call(sdk, client):
        collections = client.collections
        collections.get(collection)
        collections.delete(collection)
        collections.generate_description(collection)
        collections.add_existing_document(collection, file, values)
        collections.get_document(file, collection)
        collections.batch_get_documents(collection, files)
        collections.remove_document(collection, file)
        collections.reindex_document(collection, file)

    pair.assert_same(call)


@given(
    st.fixed_dictionaries(
        {"name": filled},
        optional={
            "data": st.binary(min_size=1, max_size=20),
            "content_type": st.just("text/plain"),
            "fields": st.dictionaries(filled, text, min_size=1, max_size=2),
        },
    )
)
@settings(**SETTINGS)
def test_updated_documents(pair, options):
    pair.assert_same(lambda sdk, client: client.collections.update_document("c", "f", **options))
