/** Probes whose images are drawn: counts, shapes, textures, signs, angles and sentences. */
import { drawings } from "./drawn-image.js";
import { counts, orientations } from "./icon-scenes.js";
import type { ProbeRecipe } from "./probe-recipe.js";
import { renderedSentences } from "./rendered-sentences.js";
import { drawSign, signClasses } from "./road-signs.js";
import { drawShape, shapeClasses } from "./shapes.js";
import { drawTexture, textureClasses } from "./textures.js";

const drawnAlone = { source: "drawn by a program", splitRule: "by random number" };
const drawnOfIcons = {
  source: "icons of Iconify's sets",
  splitRule: "by design house: Phosphor, Carbon and Game-icons are for testing",
};

export const drawnProbes: readonly ProbeRecipe[] = [
  {
    name: "probe-counts",
    task: "How many icons there are, from 3 to 10",
    ...drawnOfIcons,
    images: counts,
  },
  {
    name: "probe-orientation",
    task: "Which way an icon is turned",
    ...drawnOfIcons,
    images: orientations,
  },
  {
    name: "probe-shapes",
    task: "The shape that is drawn, such as a star",
    ...drawnAlone,
    images: () => drawings("shapes", shapeClasses, drawShape),
  },
  {
    name: "probe-textures",
    task: "The texture, such as woven",
    ...drawnAlone,
    images: () => drawings("textures", textureClasses, drawTexture),
  },
  {
    name: "probe-road-signs",
    task: "The road sign, such as stop",
    ...drawnAlone,
    images: () => drawings("road-signs", signClasses, drawSign),
  },
  {
    name: "probe-rendered-sentences",
    task: "Whether the sentence that can be read is for or against a film",
    source: "sentences of set sentiment-sentences (for evaluation only, not to be passed on)",
    splitRule: "as in that set",
    images: renderedSentences,
  },
].map((recipe) => ({ ...recipe, synthetic: true }));
