import { expect, it } from "vitest";
import { applicationItem } from "./applications.js";

const drawer = {
  id: "org.example.Drawer",
  type: "desktop-application",
  name: "Drawer",
  summary: "Draw things",
  description: `<p>A program\n for <em>drawing</em> . It has pens.</p><p>Features:</p><ul><li>lines</li></ul><p>* a * b</p><p>Try it</p>`,
  categories: ["AudioVideo", "Graphics"],
  keywords: ["Paint", "paint"],
  icon: "drawer.png",
};

it("describes applications in their own words, without lists", () => {
  expect(applicationItem(drawer)).toMatchObject({
    key: "appstream/org-example-Drawer",
    concept: "drawer",
    captions: [
      "Draw things",
      "Drawer: Draw things",
      "A program for drawing.",
      "A program for drawing. It has pens. Try it.",
    ],
    category: "audio video",
    tags: ["paint", "audio video", "graphics"],
  });
  expect(applicationItem({ ...drawer, summary: "Drawer" })).toBeUndefined();
});
