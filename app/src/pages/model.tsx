/** The card of the served model: what it is made of, and what its README says. */
import type { JSX } from "preact";
import type { CardResponse } from "../../../src/serve/schemas/model-card.js";
import type { ModelDescription } from "../../../src/serve/schemas/models.js";
import { modelCard, models } from "../api/model.js";
import { DataTable } from "../parts/data-table.js";
import { bytes, grouped } from "../parts/figures.js";
import { Markdown } from "../parts/markdown.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageChoice } from "../parts/page-choice.js";
import { PageHead } from "../parts/page-head.js";
import { useRequest } from "../parts/use-request.js";

interface ModelPageProps {
  /** The name of a model; by default the one that answers all other pages. */
  readonly rest: readonly string[];
}

export function ModelPage({ rest: [chosen] }: ModelPageProps): JSX.Element {
  const answer = useRequest((signal) => models({ signal }), []);
  return (
    <>
      <PageHead title="Model">What answers on the other pages, and what to expect of it.</PageHead>
      <Answered answer={answer} waiting="Asking for the models…">
        {(served) => {
          const model = served.find(({ id }) => id === chosen) ?? served[0]!;
          return (
            <>
              {served.length > 1 && (
                <div class="toolbar">
                  <PageChoice
                    label="Model"
                    page="model"
                    names={served.map(({ id }) => id)}
                    chosen={model.id}
                  />
                </div>
              )}
              <Model key={model.id} model={model} />
            </>
          );
        }}
      </Answered>
    </>
  );
}

function Model({ model }: { readonly model: ModelDescription }): JSX.Element {
  const answer = useRequest((signal) => modelCard(model.id, { signal }), [model.id]);
  return (
    <Answered answer={answer} waiting="Reading the card…">
      {(card) => (
        <div class="with-aside">
          <aside aria-label="Facts">
            <Facts model={model} card={card} />
            <Parts card={card} />
          </aside>
          <section class="card" aria-label="Card">
            {card.card === null ? (
              <Empty title="No card">
                <p>There is no README.md beside the weights of this model.</p>
              </Empty>
            ) : (
              <Markdown text={card.card} />
            )}
          </section>
        </div>
      )}
    </Answered>
  );
}

interface CardProps {
  readonly card: CardResponse;
}

const Facts = ({ model, card }: CardProps & { readonly model: ModelDescription }): JSX.Element => {
  const { width, height } = model.patches;
  const facts: readonly (readonly [string, string])[] = [
    ["Name", model.id],
    ["Family", card.family],
    ["Parameters", grouped(card.parameters)],
    ["Stored as", `${card.dtypes.join(", ")}, ${bytes(card.bytes)}`],
    ["Embeddings", `width ${model.dimensions}`],
    ["Images", `${width} × ${height} patches`],
    ["Texts", `up to ${model.max_tokens} tokens`],
    ["Memory", `${bytes(card.memory.float32)} in float32, ${bytes(card.memory.int8)} in 8 bits`],
    ["Memory to train", bytes(card.memory.training)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
};

const Parts = ({ card }: CardProps): JSX.Element => (
  <details>
    <summary>Parameters by part</summary>
    <DataTable
      title="Parameters by part"
      columns={[{ name: "part" }, { name: "parameters", isNumber: true }]}
      rows={Object.entries(card.parts).map(([part, count]) => ({
        key: part,
        cells: [part, grouped(count)],
      }))}
    />
  </details>
);
