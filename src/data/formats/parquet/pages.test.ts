import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { parquetMetadata, parquetSchema } from "hyparquet";
import { getTreePath } from "hyparquet/src/schema.js";
import { describe, expect, it } from "vitest";
import { checkPages, compressors } from "./pages.js";

/** An uncompressed column of `count` equal numbers: its definition levels are one run. */
function column(count: number): { bytes: Uint8Array<ArrayBuffer>; check: () => void } {
  const writer = new ByteWriter();
  const schema = [
    { name: "root", num_children: 1 },
    { name: "x", type: "INT32" as const, repetition_type: "OPTIONAL" as const },
  ];
  const parquet = new ParquetWriter({ writer, schema, codec: "UNCOMPRESSED" });
  void parquet.write({ columnData: [{ name: "x", data: Array<number>(count).fill(7) }] });
  void parquet.finish();
  const file = writer.getBuffer();
  const metadata = parquetMetadata(file);
  const found = metadata.row_groups[0]!.columns[0]!.meta_data!;
  const start = Number(found.dictionary_page_offset ?? found.data_page_offset);
  const bytes = new Uint8Array(file.slice(start, start + Number(found.total_compressed_size)));
  const path = getTreePath(parquetSchema(metadata), found.path_in_schema);
  return { bytes, check: () => checkPages(bytes, found, path) };
}

describe("the pages of a column", () => {
  it("pass as they were written", () => {
    expect(column(100).check).not.toThrow();
  });

  it("are refused where a run is longer than the column", () => {
    const { bytes, check } = column(100);
    const run = Buffer.from([200, 1, 1]); // level 1, 100 times
    const at = Buffer.from(bytes.buffer).indexOf(run);
    expect(at).toBeGreaterThan(0);
    bytes.set([0xfe, 0x7f], at); // 8191 times
    expect(check).toThrow("a run claims 8191 of 100 values");
  });

  it("are not unpacked beyond what they announce", () => {
    const huge = 2 ** 31;
    for (const codec of ["SNAPPY", "GZIP", "ZSTD", "BROTLI"] as const)
      expect(() => compressors[codec]!(new Uint8Array(8), huge)).toThrow(
        "a page claims 2147483648",
      );
  });
});
