import { expect, it } from "vitest";
import { ProgressLine, pace } from "./progress.js";

function streamOf(isTTY: boolean): { readonly stream: ProgressLine["stream"]; written: string } {
  const recorded = {
    written: "",
    stream: {
      isTTY,
      columns: 10,
      write: (text: string | Uint8Array) => {
        recorded.written += String(text);
        return true;
      },
    },
  };
  return recorded;
}

it("progress is one line on a terminal, cut to its width, and plain lines elsewhere", () => {
  for (const [isTTY, written] of [
    [true, "\r\x1b[K1 of 9\r\x1b[K2 of 9 im\r\x1b[K"],
    [false, "1 of 9\n"],
  ] as const) {
    const recorded = streamOf(isTTY);
    const progress = new ProgressLine(recorded.stream);
    progress.show("1 of 9");
    progress.show("2 of 9 images, 3 s left");
    progress.end();
    progress.end();
    expect(recorded.written).toBe(written);
  }
});

it("the time left follows from what this job has done", async () => {
  const describe = pace("image");
  expect(describe(90, 100)).toBe("90 of 100 images"); // most of them by an earlier run
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(describe(91, 1091)).toMatch(/^91 of 1,091 images, \d+ (s|min) left$/);
  expect(Number(/, (\d+) min/.exec(describe(91, 1091))?.[1])).toBeGreaterThanOrEqual(2);
  expect(pace("sample")(1)).toBe("1 sample");
});
