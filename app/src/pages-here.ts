/** The pages that compute in the tab. */
import type { Page } from "./app.js";
import { ClassifyHerePage } from "./pages/classify-here.js";
import { SearchHerePage } from "./pages/search-here.js";
import { TrainHerePage } from "./pages/train-here.js";

export const searchHere: Page = { name: "search-here", title: "Search here", View: SearchHerePage };

export const pagesHere: readonly Page[] = [
  searchHere,
  { name: "classify-here", title: "Classify here", View: ClassifyHerePage },
  { name: "train-here", title: "Train here", View: TrainHerePage },
];
