/** The pages of `flava serve`: first what the model does, then how it came about, and what this tab does alone. */
import type { Page } from "./app.js";
import { pagesHere } from "./pages-here.js";
import { ClassifyPage } from "./pages/classify.js";
import { EvaluationPage } from "./pages/evaluation.js";
import { FillPage } from "./pages/fill.js";
import { MatchPage } from "./pages/match.js";
import { ModelPage } from "./pages/model.js";
import { SearchPage } from "./pages/search.js";
import { TrainingPage } from "./pages/training.js";
import { start } from "./start.js";

/** Needs nothing but a model. */
const first: Page = { name: "classify", title: "Classify", View: ClassifyPage };

start({
  first,
  groups: [
    [
      { name: "search", title: "Search", View: SearchPage },
      first,
      { name: "match", title: "Match", View: MatchPage },
      { name: "fill", title: "Fill", View: FillPage },
    ],
    [
      { name: "training", title: "Training", View: TrainingPage },
      { name: "evaluation", title: "Evaluation", View: EvaluationPage },
      { name: "model", title: "Model", View: ModelPage },
    ],
    pagesHere,
  ],
});
