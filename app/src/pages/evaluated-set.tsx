import type { JSX } from "preact";
import type { SetEvaluation } from "../../../src/serve/schemas/evaluations.js";
import { DataTable } from "../parts/data-table.js";
import { grouped, percent } from "../parts/figures.js";

/** The evaluation of one set: its measures, its mistakes, and examples. */
export function SetSection({ evaluation }: { readonly evaluation: SetEvaluation }): JSX.Element {
  const { set, kind, confusions = [], classified, searches } = evaluation;
  const sizes = (["images", "samples", "classes", "texts"] as const).flatMap((what) => {
    const count = evaluation[what];
    return count === undefined ? [] : [`${grouped(count)} ${what}`];
  });
  return (
    <section>
      <h2>{set}</h2>
      <p class="quiet">
        {kind}: {sizes.join(", ")}
      </p>
      <Measures evaluation={evaluation} />
      {classified && (
        <>
          <Gallery title="Mistakes" examples={classified.wrong} evaluation={evaluation} />
          <Confusions confusions={confusions} />
          <Gallery title="Right" examples={classified.right} evaluation={evaluation} />
        </>
      )}
      {searches && <Searches searches={searches} evaluation={evaluation} />}
    </section>
  );
}

interface OfEvaluation {
  readonly evaluation: SetEvaluation;
}

const Measures = ({ evaluation: { set, measurements } }: OfEvaluation): JSX.Element => (
  <DataTable
    title={`Measures of ${set}`}
    columns={[
      { name: "measure" },
      { name: "value", isNumber: true },
      { name: "95 % interval", isNumber: true },
      { name: "0 to 100 %" },
      { name: "guessing", isNumber: true },
    ]}
    rows={measurements.map(({ name, mean, low = mean, high = mean, chance }) => ({
      key: name,
      cells: [
        name,
        <strong>{percent(mean)}</strong>,
        low === high ? "" : `${percent(low)} to ${percent(high)}`,
        <span class="range" aria-hidden="true">
          <span
            style={{
              left: percent(low, 2).replace(" ", ""),
              right: percent(1 - high, 2).replace(" ", ""),
            }}
          />
        </span>,
        chance === undefined ? "" : percent(chance),
      ],
    }))}
  />
);

/** The most frequent ones say most; the rest is in the JSON file. */
const shownConfusions = 10;

type Confusion = NonNullable<SetEvaluation["confusions"]>[number];

function Confusions({ confusions }: { readonly confusions: readonly Confusion[] }): JSX.Element {
  if (confusions.length === 0) return <></>;
  return (
    <>
      <h3>Most frequent confusions</h3>
      <DataTable
        title="Most frequent confusions"
        columns={[{ name: "is" }, { name: "was taken for" }, { name: "times", isNumber: true }]}
        rows={confusions.slice(0, shownConfusions).map(({ label, predicted, count }) => ({
          key: `${label} ${predicted}`,
          cells: [label, predicted, grouped(count)],
        }))}
      />
    </>
  );
}

type Classified = NonNullable<SetEvaluation["classified"]>["right"][number];

interface GalleryProps extends OfEvaluation {
  readonly title: string;
  readonly examples: readonly Classified[];
}

function Gallery({ title, examples, evaluation }: GalleryProps): JSX.Element {
  if (examples.length === 0) return <></>;
  return (
    <>
      <h3>{title}</h3>
      <ul class="gallery">
        {examples.map(({ key, label, predicted }) => (
          <li key={key}>
            <Thumbnail name={key} evaluation={evaluation} />
            <Judged text={predicted} isRight={label === predicted} />
            {label !== predicted && <span class="quiet">is {label}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

interface SearchesProps extends OfEvaluation {
  readonly searches: NonNullable<SetEvaluation["searches"]>;
}

const Searches = ({ searches, evaluation }: SearchesProps): JSX.Element => (
  <>
    {searches.texts.map(({ text, found }) => (
      <div key={text}>
        <h3>“{text}”</h3>
        <ul class="gallery">
          {found.map(({ key, name, isRight }) => (
            <li key={key}>
              <Thumbnail name={key} evaluation={evaluation} />
              <Judged text={name} isRight={isRight} />
            </li>
          ))}
        </ul>
      </div>
    ))}
    <h3>Images with the texts that are nearest</h3>
    <ul class="gallery">
      {searches.images.map(({ key, found }) => (
        <li key={key}>
          <Thumbnail name={key} evaluation={evaluation} />
          {found.map(({ text, isRight }) => (
            <Judged key={text} text={text} isRight={isRight} />
          ))}
        </li>
      ))}
    </ul>
  </>
);

const Thumbnail = ({ name, evaluation }: OfEvaluation & { readonly name: string }): JSX.Element => {
  const source = evaluation.thumbnails[name];
  return source === undefined ? (
    <span class="no-image">no image</span>
  ) : (
    <img src={source} alt={name} />
  );
};

const Judged = ({
  text,
  isRight,
}: {
  readonly text: string;
  readonly isRight: boolean;
}): JSX.Element => (
  <span class={isRight ? "good" : "bad"}>
    <span class="visually-hidden">{isRight ? "right: " : "wrong: "}</span>
    {text}
  </span>
);
