import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { parquetMetadata, parquetSchema } from "hyparquet";
import { getTreePath } from "hyparquet/src/schema.js";
import { describe, expect, it } from "vitest";
import { checkPages, compressors } from "./pages.js";

interface Column {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Checks the page, or as many like it. */
  readonly check: (pages?: number) => void;
}

/** An uncompressed column of `data`, as it is written; the definition levels of equal numbers are one run. */
function column({ data, encoding, type }: Data): Column {
  const writer = new ByteWriter();
  const schema = [
    { name: "root", num_children: 1 },
    { name: "x", type, repetition_type: "OPTIONAL" as const },
  ];
  const parquet = new ParquetWriter({ writer, schema, codec: "UNCOMPRESSED" });
  void parquet.write({
    pageSize: 2 ** 31,
    columnData: [{ name: "x", data, ...(encoding && { encoding }) }],
  });
  void parquet.finish();
  const file = writer.getBuffer();
  const metadata = parquetMetadata(file);
  const found = metadata.row_groups[0]!.columns[0]!.meta_data!;
  const start = Number(found.dictionary_page_offset ?? found.data_page_offset);
  const bytes = new Uint8Array(file.slice(start, start + Number(found.total_compressed_size)));
  const path = getTreePath(parquetSchema(metadata), found.path_in_schema);
  const check = (pages = 1): void => {
    const all = new Uint8Array(pages * bytes.length);
    for (let page = 0; page < pages; page++) all.set(bytes, page * bytes.length);
    checkPages(all, { ...found, num_values: BigInt(pages) * found.num_values }, path);
  };
  return { bytes, check };
}

interface Data {
  readonly type: "INT32" | "BYTE_ARRAY";
  readonly data: unknown[];
  readonly encoding?: "DELTA_BYTE_ARRAY";
}

const sevens = (): Column => column({ type: "INT32", data: Array<number>(100).fill(7) });

describe("the pages of a column", () => {
  it("pass as they were written", () => {
    expect(() => sevens().check()).not.toThrow();
  });

  it("are refused where a run is longer than the column", () => {
    const { bytes, check } = sevens();
    const run = Buffer.from([200, 1, 1]); // level 1, 100 times
    const at = Buffer.from(bytes.buffer).indexOf(run);
    expect(at).toBeGreaterThan(0);
    bytes.set([0xfe, 0x7f], at); // 8191 times
    expect(() => check()).toThrow("a run claims 8191 of 100 values");
  });

  it("are refused where small pages stand for huge values", () => {
    const { bytes, check } = column({
      type: "BYTE_ARRAY",
      data: Array<Uint8Array>(100).fill(new Uint8Array(2 ** 20)),
      encoding: "DELTA_BYTE_ARRAY", // each value as the prefix that it shares with the one before
    });
    expect(bytes.length).toBeLessThan(2e6);
    expect(() => check(10)).not.toThrow();
    expect(() => check(11)).toThrow("a column claims 1153433600 bytes, more than 1073741824");
  });

  it("are not unpacked beyond what they announce", () => {
    const huge = 2 ** 31;
    for (const codec of ["SNAPPY", "GZIP", "ZSTD", "BROTLI"] as const)
      expect(() => compressors[codec]!(new Uint8Array(8), huge)).toThrow(
        "a page claims 2147483648",
      );
  });
});
