import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Computes } from "../parts/computes.js";
import { Curve, type Line } from "../parts/curve.js";
import { FileButton } from "../parts/file-button.js";
import { grouped } from "../parts/figures.js";
import { LeftOut } from "../parts/left-out.js";
import { Empty, Fault, Waiting } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { lineOf } from "../parts/run-curves.js";
import { useKept } from "../parts/use-kept.js";
import { describeImages } from "../tab/kept-run.js";
import { tarOf } from "../tab/tar.js";
import { type Pair, type Pairs, pairsOf } from "../tab/training-pairs.js";
import { type Training, type TrainingControls, useTraining } from "../tab/use-training.js";

/** Fewer cannot be told apart. */
const fewestPairs = 2;

const lengths = [
  { name: "a hundredth: does it run?", share: 0.01 },
  { name: "a fifth", share: 0.2 },
  { name: "all", share: 1 },
];

export function TrainHerePage(): JSX.Element {
  const [found, setFound] = useKept<Pairs | undefined>("train-here images", undefined);
  const pairs = found?.pairs;
  const [share, setShare] = useKept("train-here share", lengths[0]!.share);
  const training = useTraining();
  return (
    <>
      <PageHead title="Train here">
        Pre-trains a tiny FLAVA on images of yours, in this tab: nothing is uploaded.
      </PageHead>
      <div class="toolbar">
        <FileButton
          text="Choose a folder of images"
          isFolder
          isDisabled={training.isRunning}
          onFiles={(files) => {
            training.dismiss();
            void pairsOf(files).then(setFound);
          }}
        />
        <label class="choice">
          Steps of the quickstart’s recipe
          <select
            value={share}
            disabled={training.isRunning}
            onChange={({ currentTarget }) => setShare(Number(currentTarget.value))}
          >
            {lengths.map((length) => (
              <option key={length.name} value={length.share}>
                {length.name}
              </option>
            ))}
          </select>
        </label>
        <Actions training={training} pairs={pairs} share={share} />
      </div>
      {training.kept && !training.isRunning && <KeptNotice training={training} pairs={pairs} />}
      <Found found={found} />
      <Progress training={training} />
    </>
  );
}

interface ActionsProps {
  readonly training: TrainingControls;
  readonly pairs: readonly Pair[] | undefined;
  readonly share: number;
}

function Actions({ training, pairs, share }: ActionsProps): JSX.Element {
  const { isRunning, isPausing, pause, stop, start } = training;
  if (isRunning) {
    return (
      <>
        <button type="button" class="button" disabled={isPausing} onClick={pause}>
          {isPausing ? "Pausing…" : "Pause"}
        </button>
        <button type="button" class="button" onClick={stop}>
          Stop
        </button>
      </>
    );
  }
  const isReady = pairs !== undefined && pairs.length >= fewestPairs;
  return (
    <button
      type="button"
      class="button primary"
      disabled={!isReady}
      onClick={() => start(pairs!, share)}
    >
      Train
    </button>
  );
}

/** What there is to say of a run that was paused, or left with its tab. */
function KeptNotice({ training, pairs }: Omit<ActionsProps, "share">): JSX.Element {
  const { kept, resume, stop } = training;
  const { stage, step } = kept!.checkpoint;
  const isSame = pairs !== undefined && describeImages(pairs) === kept!.images;
  return (
    <div class="card kept-run">
      <p role="status">
        A run is kept in this browser, at step {grouped(step)} of stage {stage}.{" "}
        {pairs === undefined && "Choose its folder again to go on."}
        {pairs !== undefined &&
          !isSame &&
          "These are not the images that it was begun with: choose those to go on."}
        {isSame && "“Train” begins anew, and replaces it."}
      </p>
      <div class="actions">
        <button
          type="button"
          class="button"
          disabled={!isSame}
          onClick={() => isSame && resume(pairs)}
        >
          Go on
        </button>
        <button type="button" class="button" onClick={stop}>
          Forget the run
        </button>
      </div>
    </div>
  );
}

function Found({ found }: { readonly found: Pairs | undefined }): JSX.Element {
  if (!found) {
    return (
      <div class="card">
        <Empty title="No images yet">
          <p>
            Texts are the lines of a .txt file beside an image, or else the image’s name: some
            hundred images with different ones teach something.
          </p>
        </Empty>
      </div>
    );
  }
  const { pairs, others } = found;
  const wordless = pairs.filter(({ texts }) => texts[0] === "").map(({ name }) => name);
  const first = pairs.find(({ texts }) => texts[0] !== "");
  return (
    <div class="folder-state">
      <p role="status">
        {grouped(pairs.length)} {pairs.length === 1 ? "image" : "images"}
        {first ? `, such as “${first.texts[0]!}”` : ""}
        {pairs.length < fewestPairs ? `. Choose a folder with ${fewestPairs} or more.` : "."}
      </p>
      {wordless.length > 0 && (
        <p class="notice">
          Images without a text: {grouped(wordless.length)}, such as {wordless[0]}. Their names have
          no words: write some into a .txt file of the same name.
        </p>
      )}
      <LeftOut
        title={
          others.length === 1
            ? "is neither an image nor its text"
            : "are neither images nor their texts"
        }
        paths={others}
      />
    </div>
  );
}

function Progress({ training }: { readonly training: Training }): JSX.Element {
  const { isRunning, backend, damaged, notices, heldOut, entries, files, fault, isUnkept } =
    training;
  const stages = useMemo(() => [...new Set(entries.map(({ stage }) => stage))], [entries]);
  return (
    <>
      {backend && <Computes backend={backend} />}
      <div class="folder-state">
        <LeftOut title="cannot be decoded by this browser" paths={damaged} />
        {notices.map((line) => (
          <p key={line}>{line}</p>
        ))}
        {isUnkept && (
          <p>This browser has no space to keep the run: it cannot go on after a reload.</p>
        )}
        {heldOut > 0 && (
          <p class="quiet">
            {grouped(heldOut)} of the images are not trained on: losses on them are drawn as
            validation.
          </p>
        )}
      </div>
      {fault && <Fault error={fault} />}
      {isRunning && entries.length === 0 && <Waiting text="Reading images and compiling…" />}
      {files && <Download files={files} />}
      {stages.toReversed().map((stage) => (
        <Stage key={stage} name={stage} entries={entries.filter((one) => one.stage === stage)} />
      ))}
    </>
  );
}

interface StageProps {
  readonly name: string;
  readonly entries: Training["entries"];
}

function Stage({ name, entries }: StageProps): JSX.Element {
  const { step, steps } = entries.at(-1)!;
  const curves = useMemo(() => curvesOf(name, entries), [entries.length]);
  return (
    <section>
      <h2>{name}</h2>
      <div class="progress">
        <progress max={steps} value={step} aria-label={`Progress of stage ${name}`} />
        <span>
          step {grouped(step)} of {grouped(steps)}
        </span>
      </div>
      <div class="curves">
        {curves.map(({ title, lines }) => (
          <Curve key={title} title={title} lines={lines} />
        ))}
      </div>
    </section>
  );
}

/** The sum of the losses, and each of those that are also computed on held-out images. */
function curvesOf(
  stage: string,
  entries: StageProps["entries"],
): { readonly title: string; readonly lines: readonly Line[] }[] {
  const training = entries.filter(({ kind }) => kind === "training");
  const evaluations = entries.filter(({ kind }) => kind === "evaluation");
  const names = Object.keys(evaluations[0]?.scalars ?? {});
  const losses = names.filter((name) => !name.endsWith("accuracy"));
  const both = losses.map((name) => ({
    title: `${stage}: ${name}`,
    lines: [lineOf(training, name, "training"), lineOf(evaluations, name, "validation")],
  }));
  return [{ title: `${stage}: loss`, lines: [lineOf(training, "total", "training")] }, ...both];
}

function Download({ files }: { readonly files: NonNullable<Training["files"]> }): JSX.Element {
  const download = (): void => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(tarOf(files));
    link.download = "flava-model.tar";
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <section class="card" aria-label="Trained model">
      <p>
        The model is trained. Unpack it with{" "}
        <code>mkdir my-model && tar xf flava-model.tar -C my-model</code> and use it with{" "}
        <code>--model my-model</code>, or <code>load("my-model")</code> in Node.
      </p>
      <button type="button" class="button primary" onClick={download}>
        Download the model
      </button>
    </section>
  );
}
