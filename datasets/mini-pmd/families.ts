/** Design houses: sets of one house look alike, so whole families are held out, never single sets. */

/** Sets that share a house. A set that is not listed is its own family. */
const houses: Readonly<Record<string, readonly string[]>> = {
  phosphor: ["ph"],
  lucide: ["lucide", "lucide-lab", "feather"], // Lucide began as a copy of Feather
  "fluent-emoji": ["fluent-emoji", "fluent-emoji-flat", "fluent-emoji-high-contrast"],
  material: [
    "material-symbols",
    "material-symbols-light",
    "ic",
    "mdi",
    "mdi-light",
    "line-md",
    "zmdi",
  ],
  "font-awesome": [
    "fa",
    "fa-solid",
    "fa-regular",
    "fa-brands",
    "fa6-solid",
    "fa6-regular",
    "fa6-brands",
    "fa7-solid",
    "fa7-regular",
    "fa7-brands",
  ],
  fluent: ["fluent", "fluent-color", "fluent-mdl2"],
  noto: ["noto", "noto-v1"],
  emojione: ["emojione", "emojione-monotone", "emojione-v1"],
  ionicons: ["ion", "famicons"],
  boxicons: ["boxicons", "bx", "bxs", "bxl"],
  unicons: ["uil", "uim", "uit", "uis"],
  heroicons: ["heroicons", "heroicons-outline", "heroicons-solid", "sidekickicons"],
  coreui: ["cil", "cib", "cif"],
  pepicons: ["pepicons", "pepicons-pop", "pepicons-print", "pepicons-pencil"],
  glyphs: ["glyphs", "glyphs-poly"],
  devicon: ["devicon", "devicon-plain", "devicon-line", "devicon-original"],
  thesvg: ["thesvg", "thesvg-color"],
  entypo: ["entypo", "entypo-social"],
  "mono-icons": ["mi", "mono-icons"],
  maki: ["maki", "temaki", "pinhead"],
  icons8: ["icons8", "wpf"],
};

const houseOfSet = new Map(
  Object.entries(houses).flatMap(([house, sets]) => sets.map((set) => [set, house])),
);

/** The family of an icon set by its prefix: "ph" belongs to "phosphor". */
export function familyOf(set: string): string {
  if (set === "guidance" || set === "covid" || set.startsWith("streamline")) return "streamline";
  if (set.startsWith("icon-park")) return "icon-park";
  return houseOfSet.get(set) ?? set;
}

export type Split = "train" | "validation" | "test";

const testFamilies = new Set([
  "phosphor",
  "game-icons",
  "carbon",
  "openmoji",
  "flat-color-icons",
  "circle-flags",
]);
const validationFamilies = new Set(["iconoir"]);
/** Reserved for measurements by others: never drawn, never written. */
const excludedFamilies = new Set(["lucide", "fluent-emoji", "pixelarticons", "meteor-icons"]);

/** The split of a family's images; "excluded" ones are in no split. */
export function splitOfFamily(family: string): Split | "excluded" {
  if (excludedFamilies.has(family)) return "excluded";
  if (testFamilies.has(family)) return "test";
  return validationFamilies.has(family) ? "validation" : "train";
}
