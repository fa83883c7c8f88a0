"""The calls of models, auth and tokenize send the same as with xai_sdk. Values are generated."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.peer

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
models = text.filter(str.strip)


@settings(max_examples=40)
@given(text=text, model=models)
def test_tokenize(pair, text, model):
    pair.assert_same(lambda sdk, client: client.tokenize.tokenize_text(text, model))


@pytest.mark.parametrize("kind", ["language", "embedding", "image_generation"])
@settings(max_examples=20)
@given(model=models)
def test_models(pair, kind, model):
    pair.assert_same(lambda sdk, client: getattr(client.models, f"get_{kind}_model")(model))
    pair.assert_same(lambda sdk, client: getattr(client.models, f"list_{kind}_models")())


def test_the_key(pair):
    pair.assert_same(lambda sdk, client: client.auth.get_api_key_info())
