"""Rows of folders, files, tables and Python objects."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xai_vision.bulk._row import Row
from xai_vision.bulk._sources import arrow, as_source, folder, glob, jsonl, parquet, rows
from xai_vision.errors import InvalidRequestError


def ids(source):
    return [row.id for row in source]


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    for name in ("b.jpg", "a.PNG", "deep/er/c.webp", "deep/d.jpeg", "notes.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (root / "._a.jpg").write_bytes(b"")  # beside each file on some disks of macOS
    (root / ".cache").mkdir()
    (root / ".cache/e.jpg").write_bytes(b"")
    return root


class TestFolder:
    def test_reads_the_folders_in_it(self, photos):
        source = folder(photos)
        assert ids(source) == ["a.PNG", "b.jpg", "deep/d.jpeg", "deep/er/c.webp"]
        assert [row.images for row in source][-1] == (photos / "deep/er/c.webp",)
        assert len(source) == 4

    def test_can_be_read_again(self, photos):
        source = folder(str(photos))
        assert ids(source) == ids(source)

    def test_not_recursive(self, photos):
        assert ids(folder(photos, recursive=False)) == ["a.PNG", "b.jpg"]

    def test_must_exist(self, tmp_path):
        with pytest.raises(InvalidRequestError, match=r"folder\(\): .*nowhere' does not exist"):
            folder(tmp_path / "nowhere")
        (tmp_path / "a.jpg").write_bytes(b"")
        with pytest.raises(InvalidRequestError, match="is not a folder"):
            folder(tmp_path / "a.jpg")

    def test_without_images(self, tmp_path):
        with pytest.raises(InvalidRequestError, match=r"has no images.*\.jpg.*bulk\.glob"):
            list(folder(tmp_path))

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights")
    def test_links_to_folders_are_not_followed(self, photos):
        (photos / "deep/again").symlink_to(photos)
        assert len(ids(folder(photos))) == 4

    def test_a_folder_that_cannot_be_read_is_an_error(self, photos, monkeypatch):
        import os

        scandir = os.scandir

        def refuse(path):
            if str(path).endswith("deep"):
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        with pytest.raises(PermissionError, match="deep"):
            list(folder(photos))


class TestGlob:
    def test_matches(self, photos):
        source = glob(f"{photos}/**/*.jp*g")
        assert sorted(Path(name).name for name in ids(source)) == ["b.jpg", "d.jpeg"]
        assert len(source) == 2
        assert all(row.images == (Path(row.id),) for row in source)

    def test_a_file_matched_twice_is_one_row(self, photos):
        source = glob(f"{photos}/*.jpg", f"{photos}/b.*")
        assert ids(source) == [str(photos / "b.jpg")]
        assert len(source) == 1

    def test_no_match(self, photos):
        with pytest.raises(InvalidRequestError, match=r"no file matches .*\*\.gif"):
            list(glob(f"{photos}/*.gif"))
        with pytest.raises(InvalidRequestError, match=r"not a pattern; use bulk\.folder"):
            list(glob(str(photos)))

    @pytest.mark.parametrize("patterns", [(), ("",), (Path("x"),)])
    def test_bad_patterns(self, patterns):
        with pytest.raises(InvalidRequestError, match="pattern"):
            glob(*patterns)


class TestRows:
    def test_kinds_of_items(self):
        items = [
            ("a", b"1"),
            (2, [b"2", b"3"]),
            Path("photos/x.jpg"),
            "https://example.com/y.jpg",
            {"id": "d", "image": b"4", "label": "cat"},
            {"id": "e", "question": "Why?"},
            Row("f", (b"5",)),
        ]
        found = list(rows(items))
        assert [row.id for row in found] == [
            *("a", "2", str(Path("photos/x.jpg"))),
            *("https://example.com/y.jpg", "d", "e", "f"),
        ]
        assert [row.images for row in found] == [
            *((b"1",), (b"2", b"3"), (Path("photos/x.jpg"),)),
            *(("https://example.com/y.jpg",), (b"4",), (), (b"5",)),
        ]
        assert found[4].value["label"] == "cat"

    def test_only_lists_have_a_length(self):
        assert len(rows([("a", b"")])) == 1
        with pytest.raises(TypeError):
            len(rows(iter([("a", b"")])))

    def test_an_iterator_is_read_once(self):
        source = rows((str(n), b"") for n in range(3))
        assert iter(source) is iter(source)
        assert next(iter(source)).id == "0"
        assert ids(source) == ["1", "2"]
        assert ids(source) == []

    def test_a_function_is_read_again(self):
        source = rows(lambda: ((str(n), b"") for n in range(3)))
        assert ids(source) == ids(source) == ["0", "1", "2"]

    @pytest.mark.parametrize(
        ("item", "words"),
        [
            (b"jpeg", r"item 1 is .* not a row\. Pass \(id, image\)"),
            ("photo.jpg", r"item 1 is 'photo\.jpg'.*Pass pathlib\.Path"),
            (("a", b"", b""), "item 1"),
            ((None, b""), "item 1"),
            ({"image": b""}, "item 1"),
            (None, "item 1 is None"),
        ],
    )
    def test_an_item_that_is_not_a_row(self, item, words):
        with pytest.raises(InvalidRequestError, match=words):
            rows([("a", b""), item])
        with pytest.raises(InvalidRequestError, match=words):
            list(rows(iter([("a", b""), item])))

    @pytest.mark.parametrize("value", [3, None, "photos", b"x"])
    def test_not_an_iterable(self, value):
        with pytest.raises(InvalidRequestError, match=r"rows\(\) needs an iterable"):
            rows(value)


class TestJsonLines:
    def write(self, path, *lines):
        path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
        return path

    def test_columns(self, tmp_path):
        (tmp_path / "x.jpg").write_bytes(b"")
        path = self.write(
            tmp_path / "in.jsonl",
            {"sku": 7, "file": "x.jpg", "name": "Tea"},
            {"sku": "8", "file": ["https://example.com/8.jpg", "x.jpg"]},
        )
        first, second = source = list(jsonl(path, id="sku", image="file", root=tmp_path))
        assert [row.id for row in source] == ["7", "8"]
        assert first.images == (tmp_path / "x.jpg",)
        assert first.value == {"sku": 7, "file": "x.jpg", "name": "Tea"}
        assert second.images == ("https://example.com/8.jpg", tmp_path / "x.jpg")

    def test_default_columns(self, tmp_path):
        path = self.write(tmp_path / "in.jsonl", {"image": "https://e.com/a.jpg"}, {"text": "x"})
        first, second = jsonl(path)
        assert (first.id, first.images) == ("1", ("https://e.com/a.jpg",))
        # The image is missing: the row fails, it is not asked without its image.
        assert (second.id, second.images) == ("2", (None,))
        assert len(jsonl(path)) == 2

    def test_empty_lines_are_skipped(self, tmp_path):
        (tmp_path / "in.jsonl").write_text('\n{"id": "a"}\n\n\n{"id": "b"}\n')
        assert ids(jsonl(tmp_path / "in.jsonl")) == ["a", "b"]
        assert len(jsonl(tmp_path / "in.jsonl")) == 2

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("{", "line 2 is not valid JSON"),
            ("[1]", "line 2 is not a JSON object"),
            ("[" * 100_000, "line 2 is not valid JSON"),
        ],
    )
    def test_a_bad_line_is_found_before_anything_is_sent(self, tmp_path, line, words):
        (tmp_path / "in.jsonl").write_text('{"id": "a"}\n' + line)
        with pytest.raises(InvalidRequestError, match=words):
            jsonl(tmp_path / "in.jsonl")

    def test_an_unknown_column(self, tmp_path):
        path = self.write(tmp_path / "in.jsonl", {"sku": 1, "picture": "x"})
        with pytest.raises(
            InvalidRequestError, match="id='skuu' is not a column; did you mean 'sku'.*picture"
        ):
            jsonl(path, id="skuu")
        with pytest.raises(InvalidRequestError, match="image='image' is not a column"):
            jsonl(path, image="image")

    def test_paths_need_a_root(self, tmp_path):
        path = self.write(tmp_path / "in.jsonl", {"image": "a/b.jpg"})
        with pytest.raises(InvalidRequestError, match=r"'image' has paths.*'a/b\.jpg'.*root="):
            list(jsonl(path))
        with pytest.raises(InvalidRequestError, match=r"root='.*nowhere' is not a folder"):
            jsonl(path, root=str(tmp_path / "nowhere"))

    @pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "a/../../secret.jpg"])
    def test_a_path_out_of_the_root_is_never_read(self, tmp_path, name):
        (tmp_path / "root").mkdir()
        (tmp_path / "secret.jpg").write_bytes(b"")
        path = self.write(tmp_path / "in.jsonl", {"image": name})
        (row,) = jsonl(path, root=tmp_path / "root")
        assert row.images == (name,)  # image() refuses strings that are paths

    def test_must_exist(self, tmp_path):
        with pytest.raises(InvalidRequestError, match="does not exist"):
            jsonl(tmp_path / "nowhere.jsonl")
        with pytest.raises(InvalidRequestError, match="is not a file"):
            jsonl(tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


class TestAnyJsonLines:
    @settings(max_examples=30)
    @given(objects=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5))
    def test_every_object_is_a_row(self, objects, tmp_path_factory):
        path = tmp_path_factory.mktemp("lines") / "in.jsonl"
        lines = [json.dumps({"id": n, **values}) for n, values in enumerate(objects)]
        path.write_text("\n".join(lines), encoding="utf-8")
        source = jsonl(path)
        found = list(source)
        assert len(source) == len(found) == len(objects)
        assert [row.value for row in found] == [json.loads(line) for line in lines]

    @settings(max_examples=50)
    @given(data=st.binary(max_size=200))
    def test_any_bytes_are_rows_or_an_error(self, data, tmp_path_factory):
        path = tmp_path_factory.mktemp("lines") / "in.jsonl"
        path.write_bytes(data)
        lines = [line for line in data.split(b"\n") if line.strip()]
        if all(map(self.is_object, lines)):
            assert len(list(jsonl(path))) == len(lines)
        else:
            with pytest.raises(InvalidRequestError, match=r"line \d+ is not"):
                jsonl(path)

    @staticmethod
    def is_object(line):
        try:
            return isinstance(json.loads(line), dict)
        except ValueError:
            return False


class TestParquet:
    @pytest.fixture
    def path(self, tmp_path):
        table = pa.table(
            {
                "sku": [f"s{n}" for n in range(40)],
                "photo": [b"jpeg%d" % n for n in range(40)],
                "name": ["Tea"] * 40,
            }
        )
        pq.write_table(table, tmp_path / "in.parquet", row_group_size=7)
        return tmp_path / "in.parquet"

    def test_columns(self, path):
        source = parquet(path, id="sku", image="photo")
        found = list(source)
        assert [row.id for row in found] == [f"s{n}" for n in range(40)]
        assert found[39].images == (b"jpeg39",)
        assert found[39].value == {"sku": "s39", "photo": b"jpeg39", "name": "Tea"}
        assert len(source) == 40

    def test_selected_columns(self, path):
        first = next(iter(parquet(path, id="sku", image="photo", columns=[])))
        assert first.value == {"sku": "s0", "photo": b"jpeg0"}
        with pytest.raises(InvalidRequestError, match="'nam' is not a column; did you mean 'name'"):
            parquet(path, columns=["nam"])
        with pytest.raises(InvalidRequestError, match="columns must be a list"):
            parquet(path, columns="name")

    def test_a_folder(self, path):
        pq.write_table(
            pa.table({"sku": ["last"], "photo": [b"x"], "name": ["y"]}), path.with_name("z.parquet")
        )
        source = parquet(path.parent, id="sku", image="photo")
        assert len(source) == len(list(source)) == 41
        assert ids(source)[-1] == "last"

    def test_rows_without_an_id_are_numbered(self, path):
        assert ids(parquet(path, image="photo"))[:2] == ["0", "1"]

    def test_structs_of_hugging_face(self, tmp_path):
        images = [{"bytes": b"x", "path": "x.jpg"}, {"bytes": None, "path": "y.jpg"}, None]
        pq.write_table(pa.table({"image": images}), tmp_path / "in.parquet")
        found = [row.images for row in parquet(tmp_path / "in.parquet", root=tmp_path)]
        assert found == [(b"x",), (tmp_path / "y.jpg",), (None,)]

    def test_not_a_parquet_file(self, tmp_path):
        (tmp_path / "in.parquet").write_bytes(b"no")
        with pytest.raises(InvalidRequestError, match="cannot be read as a Parquet file"):
            parquet(tmp_path / "in.parquet")
        with pytest.raises(InvalidRequestError, match="does not exist"):
            parquet(tmp_path / "nowhere.parquet")
        (tmp_path / "in.parquet").unlink()
        with pytest.raises(InvalidRequestError, match=r"no \.parquet files"):
            parquet(tmp_path)

    def test_pyarrow_is_an_extra(self, path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
        with pytest.raises(ImportError, match=r"pip install 'xai-vision\[parquet\]'"):
            parquet(path)

    def test_reads_some_rows_at_a_time(self, tmp_path):
        size, count = 200_000, 200
        table = pa.table({"id": list(map(str, range(count))), "image": [bytes(size)] * count})
        pq.write_table(table, tmp_path / "in.parquet", compression="none", use_dictionary=False)
        del table
        before = pa.total_allocated_bytes()
        highest = max(pa.total_allocated_bytes() for _ in parquet(tmp_path / "in.parquet"))
        assert highest - before < size * count / 2


def test_arrow_tables():
    table = pa.table({"id": ["a", "b"], "image": [b"1", b"2"]})
    source = arrow(table)
    assert [(row.id, row.images) for row in source] == [("a", (b"1",)), ("b", (b"2",))]
    assert len(source) == 2
    with pytest.raises(InvalidRequestError, match="Arrow's interface"):
        arrow([1])


class TestAnySource:
    def test_kinds(self, photos, tmp_path):
        (tmp_path / "in.jsonl").write_text('{"id": "a"}')
        pq.write_table(pa.table({"id": ["p"]}), tmp_path / "in.parquet")
        assert len(ids(as_source(photos))) == len(ids(as_source(str(photos)))) == 4
        assert ids(as_source(f"{photos}/*.jpg")) == [str(photos / "b.jpg")]
        assert ids(as_source(photos / "b.jpg")) == [str(photos / "b.jpg")]
        assert ids(as_source(tmp_path / "in.jsonl")) == ["a"]
        assert ids(as_source(tmp_path / "in.parquet")) == ["p"]
        assert ids(as_source(pa.table({"id": ["t"]}))) == ["t"]
        assert ids(as_source({"x": b"", "y": b""})) == ["x", "y"]
        assert ids(as_source(iter([("i", b"")]))) == ["i"]
        assert ids(as_source(lambda: [("f", b"")])) == ["f"]
        source = folder(photos)
        assert as_source(source) is source

    @pytest.mark.parametrize("value", [3, None, b"jpeg", 1.5])
    def test_not_a_source(self, value):
        with pytest.raises(InvalidRequestError, match=r"source must be rows.*bulk\.folder"):
            as_source(value)

    def test_a_path_that_does_not_exist(self, tmp_path):
        with pytest.raises(InvalidRequestError, match=r"source: .*nowhere' does not exist"):
            as_source(str(tmp_path / "nowhere"))
