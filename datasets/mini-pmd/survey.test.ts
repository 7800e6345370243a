import { expect, it } from "vitest";
import type { Sample } from "flava/data";
import { surveyOf } from "./survey.js";

it("counts texts, words and licenses", async () => {
  async function* samples(): AsyncGenerator<Sample> {
    await Promise.resolve();
    yield { key: "1", texts: ["a cup", "cup"], fields: { license: "MIT" } };
    yield { key: "2", texts: [Array(70).fill("word").join(" ")], fields: { license: "MIT" } };
    yield { key: "3", texts: [], fields: {} };
  }
  const survey = await surveyOf("pairs/icons/train", samples(), 2);
  expect(survey).toMatchObject({ samples: 3, texts: 3, words: 73, licenses: { MIT: 2 } });
  expect([1, 2, 59, 60].map((length) => survey.lengths[length])).toEqual([1, 1, 0, 1]);
  expect(survey.examples.map(({ key }) => key)).toEqual(["1", "2"]);
});
