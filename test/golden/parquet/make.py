"""Writes the same few samples with every codec and page format of pyarrow, as data sets on Hugging Face are laid out.

Run: ~/.cache/flava/peers/bin/python -m pip install pyarrow==26.0.1, then this file with the same python
"""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

HERE = Path(__file__).parent
CLASSES = ["red", "green", "blue"]
ROWS = 40
DELTA = {
    "image.bytes": "DELTA_LENGTH_BYTE_ARRAY",
    "image.path": "DELTA_BYTE_ARRAY",
    "caption.list.element": "DELTA_BYTE_ARRAY",
    "label": "DELTA_BINARY_PACKED",
    "author": "DELTA_BYTE_ARRAY",
}


def image(index):
    pixels = io.BytesIO()
    color = tuple(255 if index % 3 == channel else index for channel in range(3))
    Image.new("RGB", (4, 3), color).save(pixels, "PNG")
    return pixels.getvalue()


def rows():
    """Repeated and long captions, several and none, Unicode, missing values."""
    for index in range(ROWS):
        yield {
            "image": None if index == 5 else {"bytes": image(index), "path": None if index % 2 else f"{index}.png"},
            "caption": [] if index == 6 else [f"a {CLASSES[index % 3]} image", "naïve 日本語 🙂"][: 1 + index % 2],
            "label": index % 3,
            "author": None if index % 4 == 0 else "someone " * (1 + index % 5),
        }


def main():
    features = {
        "image": {"_type": "Image"},
        "caption": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
        "label": {"names": CLASSES, "_type": "ClassLabel"},
        "author": {"dtype": "string", "_type": "Value"},
    }
    schema = pa.schema(
        [
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("caption", pa.list_(pa.string())),
            ("label", pa.int64()),
            ("author", pa.string()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    table = pa.Table.from_pylist(list(rows()), schema=schema)
    for name, options in {
        "plain": {"compression": "none", "use_dictionary": False},
        "snappy": {"compression": "snappy"},
        "gzip": {"compression": "gzip"},
        "zstd": {"compression": "zstd"},
        "brotli": {"compression": "brotli"},
        "second-format": {"compression": "zstd", "version": "2.6", "data_page_version": "2.0"},
        "small-pages": {"compression": "snappy", "data_page_size": 64, "write_batch_size": 7},
        "lz4": {"compression": "lz4"},
        "delta": {"use_dictionary": False, "column_encoding": DELTA, "data_page_size": 64, "write_batch_size": 7},
        "delta-second-format": {"use_dictionary": False, "column_encoding": DELTA, "data_page_version": "2.0"},
        "byte-stream-split": {"use_dictionary": False, "column_encoding": {"label": "BYTE_STREAM_SPLIT"}},
    }.items():
        pq.write_table(table, HERE / f"{name}.parquet", row_group_size=16, **options)
    # Of a categorical column, each row group has the dictionary of the whole file.
    authors = table.column("author").combine_chunks().dictionary_encode()
    categories = table.set_column(table.schema.get_field_index("author"), "author", authors)
    pq.write_table(categories, HERE / "categories.parquet", row_group_size=4)
    expected = [
        {**row, "image": None if row["image"] is None else row["image"]["bytes"].hex(), "label": CLASSES[row["label"]]}
        for row in rows()
    ]
    (HERE / "expected.json").write_text(json.dumps(expected, ensure_ascii=False))


if __name__ == "__main__":
    main()
