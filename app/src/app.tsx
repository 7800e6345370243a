/** The frame of all pages: navigation, and the page of the current address. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ClassifyPage } from "./pages/classify.js";
import { EvaluationPage } from "./pages/evaluation.js";
import { FillPage } from "./pages/fill.js";
import { MatchPage } from "./pages/match.js";
import { ModelPage } from "./pages/model.js";
import { SearchPage } from "./pages/search.js";
import { TrainingPage } from "./pages/training.js";
import { TrainHerePage } from "./pages/train-here.js";
import { addressOf, useRoute } from "./route.js";

interface Page {
  readonly name: string;
  readonly title: string;
  readonly View: (props: { readonly rest: readonly string[] }) => JSX.Element;
}

/** In the order of the navigation: first what the model does, then how it came about. */
const groups: readonly (readonly Page[])[] = [
  [
    { name: "search", title: "Search", View: SearchPage },
    { name: "classify", title: "Classify", View: ClassifyPage },
    { name: "match", title: "Match", View: MatchPage },
    { name: "fill", title: "Fill", View: FillPage },
  ],
  [
    { name: "training", title: "Training", View: TrainingPage },
    { name: "evaluation", title: "Evaluation", View: EvaluationPage },
    { name: "model", title: "Model", View: ModelPage },
    { name: "train-here", title: "Train here", View: TrainHerePage },
  ],
];
const pages = groups.flat();
/** Needs nothing but a model. */
const firstPage = "classify";

export function App(): JSX.Element {
  const route = useRoute();
  const { name, title, View } = (pages.find((page) => page.name === route.page) ??
    pages.find((page) => page.name === firstPage))!;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · flava`;
    if (!isFirst.current) main.current?.focus(); // so that a screen reader begins with the new page
    isFirst.current = false;
  }, [title]);
  return (
    <>
      <a class="skip" href="#main" onClick={skipTo(main)}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href={addressOf(firstPage)}>
          <img src="./icon.svg" alt="" width="24" height="24" />
          flava
        </a>
        <nav aria-label="Pages">
          {groups.map((group) => (
            <ul key={group[0]!.name}>
              {group.map((page) => (
                <li key={page.name}>
                  <a
                    href={addressOf(page.name)}
                    {...(page.name === name && { "aria-current": "page" })}
                  >
                    {page.title}
                  </a>
                </li>
              ))}
            </ul>
          ))}
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1} class={`page-${name}`}>
        <View key={name} rest={route.page === name ? route.rest : []} />
      </main>
    </>
  );
}

/** Moves the focus without a change of the address, which names the page. */
const skipTo =
  (target: { readonly current: HTMLElement | null }) =>
  (event: Event): void => {
    event.preventDefault();
    target.current?.focus();
  };
