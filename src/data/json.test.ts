import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DuplicateKeyError, JsonError, parseJson } from "./json.js";

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("", "\uFEFF"), (json, mark) => {
        const value: unknown = JSON.parse(json);
        const once = JSON.stringify(value); // fast-check never repeats a key
        expect(parseJson(mark + once)).toEqual(value);
        expect(parseJson(Buffer.from(mark + once))).toEqual(value);
      }),
    );
  });

  it.each([
    [
      '{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}], "d": "a", "a": 5}',
      'holds the key "a" twice in one object',
    ],
    [
      '{\n "a": "}\\\\",\n "\\u0061": 2\n}',
      'holds the key "a" twice in one object, the second time in line 3',
    ],
    ['[{"a\\"" : 1, "a\\"": 1}]', '"a\\"" twice in one object'],
  ])("refuses a key of an object that is there twice: %s", (json, message) => {
    expect(() => parseJson(json)).toThrow(DuplicateKeyError);
    expect(() => parseJson(json)).toThrow(message);
  });

  it("says where a text is not JSON", () => {
    expect(() => parseJson('{\n  "a": 1,\n}')).toThrow(/^is not JSON: .*line 3 column 1/);
    const utf16 = Buffer.from([0xff, 0xfe, 0x7b, 0]);
    expect(() => parseJson(utf16)).toThrow(new JsonError("is not JSON, which is in UTF-8"));
  });
});
