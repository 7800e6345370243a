import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "tar";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import type { Sample } from "../sample.js";
import { SkippedSamples } from "../batch/skipped.js";
import { openSource } from "./open.js";
import type { Columns } from "./source.js";
import { textSource } from "./text.js";

const root = temporaryDirectory();
const png = "not decoded here";

function folder(files: Readonly<Record<string, string | Buffer>>): string {
  const directory = mkdtempSync(join(root, "folder-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

async function readAll(
  source: Awaited<ReturnType<typeof openSource>>,
): Promise<{ samples: Sample[]; skipped: SkippedSamples }> {
  const samples: Sample[] = [];
  const skipped = new SkippedSamples();
  for await (const sample of source.read(skipped)) samples.push(sample);
  return { samples, skipped };
}

describe("a folder of images", () => {
  it("follows links, but not in circles, and reads no path that leads out of it", async () => {
    const blobs = folder({ "0a1b": "linked", "sub/deep.png": "deep" });
    const captions = "file_name,text\na.png,one\n../secret.png,out\n";
    const directory = folder({ "a.png": "a", "c/d.png": "d", "captions.csv": captions });
    symlinkSync(join(blobs, "0a1b"), join(directory, "b.png"));
    symlinkSync(join(blobs, "sub"), join(directory, "linked"));
    symlinkSync(directory, join(directory, "c/circle"));
    symlinkSync("nowhere", join(directory, "broken.png"));
    const { samples, skipped } = await readAll(await openSource(directory));
    expect(samples.map(({ key }) => key)).toEqual(["a", "b", "c/d", "linked/deep"]);
    expect(samples[1]?.path).toBe(join(directory, "b.png"));
    expect(skipped.first.map(({ key, reason }) => [key, reason])).toEqual([
      ["../secret", "unwanted"],
      ["broken", "missing"],
    ]);
  });

  it("gathers the captions of an image, from a list without a first line as well", async () => {
    const captions = "b.jpg#0\tone\nb.jpg#1\ttwo\n../x.jpg\tout\na.jpg\tthree\n";
    const directory = folder({
      "a.jpg": "a",
      "b.jpg": "b",
      "c.jpg": "c",
      "captions.txt": captions,
    });
    const { samples, skipped } = await readAll(await openSource(directory));
    expect(samples.map(({ key, texts }) => [key, ...texts])).toEqual([
      ["a", "three"],
      ["b", "one", "two"],
      ["c"],
    ]);
    expect(skipped.first[0]?.message).toContain("is outside of");
  });

  it("reads the text beside an image, and keeps keys apart", async () => {
    const files = { "x/a.jpg": "a", "x/a.png": "b", "x/b.gif": "c", "x/b.txt": "said\n" };
    const { samples } = await readAll(await openSource(folder(files)));
    expect(samples.map(({ key, texts, label }) => [key, texts, label])).toEqual([
      ["x/a.jpg", [], "x"],
      ["x/a.png", [], "x"],
      ["x/b", ["said"], undefined],
    ]);
  });
});

describe("a text", () => {
  it("counts bytes that are not UTF-8", async () => {
    const bytes = Buffer.from("caf\xe9 \u00ef\u00bf\u00bd\r\nend", "latin1");
    const { samples } = await readAll(textSource([join(folder({ "a.txt": bytes }), "a.txt")]));
    expect(samples[0]).toMatchObject({ texts: ["caf\ufffd \ufffd\nend"], fields: { replaced: 1 } });
  });
});

describe("a table", () => {
  it("of objects must have the columns that are named", async () => {
    const table = join(folder({ "a.jsonl": '{"image":"a.png","text":"a"}\n{"b":1}\n' }), "a.jsonl");
    const read = async (columns: Columns): Promise<unknown> =>
      readAll(await openSource(table, { columns }));
    await read({ texts: ["b"] });
    await expect(read({ texts: ["txet"] })).rejects.toThrow(
      "a.jsonl has no column txet in any of its records; the first has image, text.",
    );
  });

  it("names lines as editors count them, whatever ends them, and rows of tables without lines from 1", async () => {
    const cells = ["text,n", "", '"two', 'lines",1', "", "short", '"two', 'more",2', "short"];
    const places = async (name: string, content: string): Promise<unknown> => {
      const { samples, skipped } = await readAll(
        await openSource(join(folder({ [name]: content }), name), { documents: "lines" }),
      );
      return [
        samples.length,
        ...skipped.first.map(({ message }) => /(?<=, ).*?(?=[: ]+\D)/.exec(message)?.[0]),
      ];
    };
    expect(await places("lf.csv", cells.join("\n"))).toEqual([2, "line 6", "line 9"]);
    expect(await places("crlf.csv", cells.join("\r\n"))).toEqual([2, "line 6", "line 9"]);
    expect(await places("cr.csv", "text,n\ra,1\rb\r")).toEqual([1, "line 3"]);
    const mixed = "text,n\r\na,1\nb,2\r\n\nshort\n";
    expect(await places("mixed.csv", mixed)).toEqual([2, "line 5"]);
    expect(await places("all.jsonl", '\n{"text":"a"}\n\n[]\n')).toEqual([1, "line 4"]);
  });

  it("is refused where a part of it would be lost", async () => {
    const read = async (...rows: string[]): Promise<unknown> => {
      const path = join(
        folder({ "a.csv": ["text,n", '"two', 'lines",1', ...rows].join("\r\n") }),
        "a.csv",
      );
      return readAll(await openSource(path, { maxBytes: 100 }));
    };
    await expect(read("b,2", '"c,3', "d,4")).rejects.toThrow(
      "a.csv, after line 4: a quote opens that is never closed",
    );
    await expect(read("b,2", `${"c".repeat(200)},3`, "d,4")).rejects.toThrow(
      "a.csv, after line 4: a row has a cell of more than 100 bytes",
    );
  });

  it("leaves out objects that have a key twice, as does a folder with JSON beside images", async () => {
    const twice = '{"text":"a","text":"b"}';
    const files = folder({
      "a.jsonl": `${twice}\n{"text":"c"}\n`,
      "in/b.png": "b",
      "in/b.json": twice,
    });
    for (const [name, kept, place] of [
      ["a.jsonl", 1, "a.jsonl, line 1: it"],
      ["in", 0, "b.json"],
    ] as const) {
      const { samples, skipped } = await readAll(await openSource(join(files, name)));
      expect(samples).toHaveLength(kept);
      expect(skipped.first[0]!.message).toContain(`${place} holds the key "text" twice`);
    }
  });

  it("has no text where a cell is blank", async () => {
    const path = join(
      folder({ "a.jsonl": '{"caption":" \\u200b","title":"a"}\n{"text":"\\n"}' }),
      "a.jsonl",
    );
    const { samples, skipped } = await readAll(await openSource(path));
    expect(samples.map(({ texts }) => texts)).toEqual([["a"]]);
    expect(skipped.first[0]!.message).toMatch(
      /^a.jsonl, line 2: it has neither an image nor a text/,
    );
  });

  it("tells which column was chosen by its name, and refuses to choose between equals", async () => {
    const lines: string[] = [];
    const read = async (content: string, columns?: Columns): Promise<unknown> => {
      const path = join(folder({ "a.csv": content }), "a.csv");
      const onGuess = (line: string): void => void lines.push(line.replace(path, "a.csv"));
      return (await readAll(await openSource(path, { columns, onGuess }))).samples.map(
        ({ texts }) => texts,
      );
    };
    expect(await read("title,Caption\nA,a\nB,\n")).toEqual([["a"], ["B"]]);
    expect(lines).toEqual([
      "a.csv: texts are those of the column Caption, of title only where it is empty (--text-column chooses); in a recipe: " +
        "textColumn, imageColumn.",
    ]);
    const two = "caption,text\na,a\nb,c\n";
    await expect(read(two)).rejects.toThrow(
      "a.csv, line 3 has a different text in each of the columns caption and text. Say which is to be read: --text-column",
    );
    await expect(read("image,img,text\na.png,b.png,c\n")).rejects.toThrow("--image-column");
    expect(await read(two, { texts: ["text"] })).toEqual([["a"], ["c"]]);
    expect(lines).toHaveLength(3); // nothing to choose where a column is given
  });

  it("reads numbers as texts where no other column has one, and tells of what is no text", async () => {
    const rows = [
      '{"text":2024}',
      '{"text":7,"title":"a"}',
      '{"image":"gone.png"}',
      '{"captions":["b",8,{}]}',
    ];
    const path = join(folder({ "a.jsonl": rows.join("\n") }), "a.jsonl");
    const lines: string[] = [];
    const onGuess = (line: string): void => void lines.push(line.split(" (")[0]!);
    const { samples } = await readAll(await openSource(path, { onGuess }));
    expect(samples.map(({ texts }) => texts)).toEqual([["2024"], ["a"], ["b", "8"]]);
    expect(lines).toEqual([
      "a.jsonl, line 1: values such as 2024 in the column text are read as texts",
      `${path}: texts are those of the column text, of title only where it is empty`,
      "a.jsonl, line 2: values such as 7 in the column text are not read where another has a text",
      "a.jsonl, line 4: values such as 8 in the column captions are read as texts",
      "a.jsonl, line 4: values such as an object in the column captions are no texts, and are not read",
    ]);
  });

  it("tells of each choice once, in whichever of several tables it is made, given in any way", async () => {
    const two = "caption,title\nA,a\n";
    const directory = folder({ "1.csv": "text\nA\n", "2.csv": two, "3.csv": two });
    writeFileSync(join(directory, "4.csv"), "title,comment\nA,a\n");
    const paths = [1, 2, 3, 4].map((number) => join(directory, `${number}.csv`));
    for (const given of [directory, paths, join(directory, "{1,2,3,4}.csv")]) {
      const lines: string[] = [];
      const onGuess = (line: string): void => void lines.push(line.split(",")[0]!);
      const source = await openSource(given, { onGuess });
      for (let time = 0; time < 2; time++) expect((await readAll(source)).samples).toHaveLength(4);
      expect(lines).toEqual([
        `${paths[1]} and files like it: texts are those of the column caption`,
        `${paths[3]} and files like it: texts are those of the column title`,
      ]);
    }
  });

  it("names the columns if none of them is known", async () => {
    const directory = folder({ "a.csv": "foo,bar\n1,2\n" });
    const path = join(directory, "a.csv");
    const unknown = await readAll(await openSource(path));
    expect(unknown.skipped.summary(0)).toContain(
      "neither an image nor a text in its columns foo, bar",
    );
    const { samples } = await readAll(
      await openSource(path, { columns: { texts: ["bar", "foo"] } }),
    );
    expect(samples).toEqual([
      { key: "0", path: `${path}:0`, where: "a.csv, line 2", texts: ["2", "1"], fields: {} },
    ]);
    const lines = join(folder({ "a.jsonl": `[1]\n{"texts":["a","b"],"image":null}\n` }), "a.jsonl");
    const read = await readAll(await openSource(lines));
    expect([read.samples[0]?.texts, read.skipped.first[0]?.message]).toEqual([
      ["a", "b"],
      "a.jsonl, line 1: not an object.",
    ]);
  });
});

describe("JSON beside images", () => {
  const beside = {
    "1": '{"caption":2024}',
    "2": '{"caption":"a","title":7,"note":"n"}',
    "3": '{"text":["b",8,{}]}',
    "4": '{"comment":5}',
  };
  const named = Object.entries(beside).map(([name, json]) => [`${name}.json`, json] as const);
  const images = Object.keys(beside).map((name) => [`${name}.png`, png] as const);
  const files = Object.fromEntries<string | Buffer>([...images, ...named, ["4.txt", "written"]]);
  const forms = {
    folder: () => folder(files),
    shard: () => {
      const directory = folder(files);
      create(
        { file: join(directory, "a.tar"), cwd: directory, sync: true },
        Object.keys(files).sort(),
      );
      return join(directory, "a.tar");
    },
  };

  it.each(["folder", "shard"] as const)("is read as rows of tables are: a %s", async (form) => {
    const path = forms[form]();
    const lines: string[] = [];
    const onGuess = (line: string): void =>
      void lines.push(line.replace(path, "it").split(" (")[0]!);
    const read = async (columns?: Columns): Promise<unknown> =>
      (await readAll(await openSource(path, { onGuess, columns }))).samples.map(
        ({ texts }) => texts,
      );
    expect(await read()).toEqual([["2024"], ["a"], ["b", "8"], ["written"]]);
    expect(lines).toEqual([
      "it, 1.json: values such as 2024 in the column caption are read as texts",
      "it: texts are those of the column caption, of title only where it is empty",
      "it, 3.json: values such as 8 in the column text are read as texts",
      "it, 3.json: values such as an object in the column text are no texts, and are not read",
      "it, 4.json: values such as 5 in the column comment are not read where another has a text",
    ]);
    expect(await read({ texts: ["note", "txt"] })).toEqual([[], ["n"], [], ["written"]]);
    await expect(read({ texts: ["nte"] })).rejects.toThrow(
      "has no column nte in any of its records; the first has caption",
    );
  });

  it("is not the place of images, nor of what only tables have", async () => {
    const open = (columns: Columns, separator?: string) =>
      openSource(forms.shard(), { columns, separator });
    await expect(open({ image: "caption" })).rejects.toThrow("images in tar shards are files");
    await expect(open({}, ";")).rejects.toThrow("A separator of cells is given for");
    const clear = folder({ "a.png": png, "a.json": '{"caption":"a","text":"b"}' });
    await expect(openSource(clear).then(readAll)).rejects.toThrow(
      /a\.json, has a different text in each of the columns caption and text/,
    );
  });
});
