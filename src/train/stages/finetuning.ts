/** Fine-tuning of the encoders with a head for a task (flava.md 8.3). */
import type { Backend } from "../../backend/backend.js";
import { State } from "../../backend/state.js";
import { keyOf } from "../../base/random.js";
import type { Model } from "../../checkpoint/model.js";
import { headParameters } from "../../checkpoint/task.js";
import { writeModel } from "../../checkpoint/write-model.js";
import type { ShardsOptions } from "../../data/batch/shards.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import type { LabeledSample } from "../../data/labeled-sample.js";
import { type LabeledBatch, type TaskSizes, sizesKey } from "../../data/labeled/labeled-batch.js";
import { guessingLoss, lossName, measureNames, taskMeasures } from "../../eval/task-measures.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { predictSamples } from "../../inference/predict-samples.js";
import { TaskPredictor } from "../../inference/task-predictor.js";
import { flavaParameters } from "../../model/flava.js";
import type { Task } from "../../model/task.js";
import { type FlavaForTask, unusedParts } from "../../model/task-model.js";
import { initialize } from "../../nn/parameter.js";
import { type ZeroStage, divisionOf } from "../../optim/zero.js";
import { type ParameterRules, freezing, requireParts, requireRules } from "../../optim/rules.js";
import { warmupCosine, warmupLinear } from "../../optim/schedule.js";
import type { ResolvedRecipe } from "../resolved-recipe.js";
import { loadStart } from "../run/start.js";
import { type BatchDivision, type ShardStep, ShardSteps, partsOf } from "../step/shard-steps.js";
import { type OptimizerState, optimizerState } from "../step/update.js";
import type { LabeledTensors } from "../../data/labeled/labeled-batch.js";
import { layerRates } from "./layer-rates.js";
import { type Log, type Scalars, type Stage, type StageNeeds, stepScalars } from "./stage.js";
import { finetuningLoss } from "./task-loss.js";

export interface FinetuningStageOptions {
  readonly backend: Backend;
  readonly name: string;
  readonly recipe: ResolvedRecipe;
  readonly seed: number;
  /** The model to start from; its weights are read from its path. */
  readonly model: Pick<Model, "path" | "config" | "tokenizer" | "processor" | "source">;
  readonly task: Task;
  /** The shards of batches that this process computes. */
  readonly shards: ShardsOptions;
  /** What is divided among processes. */
  readonly zero: ZeroStage;
  /** Sizes of the largest shard. */
  readonly largest: TaskSizes;
  readonly train: readonly LabeledSample[];
  readonly validation: readonly LabeledSample[];
  readonly log: Log;
}

type FinetuningState = State<OptimizerState<FlavaForTask<TensorSpec>, TensorSpec>>;

export class FinetuningStage implements Stage<readonly LabeledBatch[]> {
  readonly state: FinetuningState;
  readonly losses = [lossName];
  /** Of its loss. */
  readonly baseline: number;
  readonly measures: readonly string[];
  readonly #steps: ShardSteps<FlavaForTask<TensorSpec>, LabeledTensors<TensorSpec>>;
  readonly #predictor: TaskPredictor;

  constructor(private readonly options: FinetuningStageOptions) {
    const { backend, recipe, model, task, train, validation } = options;
    const parameters: FlavaForTask<TensorSpec> = {
      flava: flavaParameters(model.config),
      head: headParameters(model.config, task),
    };
    const rules = rulesOf(parameters, options);
    const { microBatches, precision } = recipe;
    const division: BatchDivision = { shards: options.shards, microBatches };
    const { communicator: processes } = backend;
    const divided = divisionOf(options.zero, processes, parameters, rules);
    const specs = optimizerState(parameters, { rules, ...partsOf(division) });
    this.state = new State(backend, specs, divided?.ranges);
    const { clip, ...optimizer } = recipe.optimizer;
    this.#steps = new ShardSteps(this.state, {
      ...{ ...division, processes, divided, sumDtype: recipe.gradientSums },
      optimizer: { ...optimizer, rules },
      ...(clip !== undefined && { clip }),
      learningRate: (step) => rateAt(step, recipe),
    });
    const targets = train.flatMap(({ target }) => target ?? []);
    this.baseline = guessingLoss(task.labels, targets);
    this.measures = validation.length > 0 ? measureNames(task.labels) : [];
    const state = this.state as unknown as State<{ parameters: never }>;
    this.#predictor = new TaskPredictor({ ...model, state, task, precision });
  }

  get name(): string {
    return this.options.name;
  }

  get steps(): number {
    return this.options.recipe.steps;
  }

  /** Draws a new head, then loads the model to start from. */
  async begin(): Promise<void> {
    const { seed, model, log } = this.options;
    await initialize(this.state, keyOf(seed));
    const start = [{ name: "model", path: model.path, parts: ["flava"] }];
    await loadStart(start, this.state, model.config, log);
  }

  prepare(): StageNeeds {
    const { memory, flops } = this.#compiled(this.options.largest);
    const state = Object.values(memory.state).reduce((sum, bytes) => sum + bytes, 0);
    const step = memory.total - state;
    return { memory: { state, step, validation: 0, batch: 0 }, flops };
  }

  async step(batches: readonly LabeledBatch[]): Promise<Scalars> {
    const shards = batches.map(({ sizes, tensors }) => ({
      step: this.#compiled(sizes),
      values: tensors,
    }));
    return stepScalars(await this.#steps.run(shards));
  }

  async evaluate(): Promise<Scalars> {
    const { validation, task, log } = this.options;
    if (validation.length === 0) return {};
    const skipped = new SkippedSamples();
    const predicted = await predictSamples(this.#predictor, validation, { skipped });
    if (skipped.total > 0) log(`Validation: ${skipped.summary(predicted.length)}`);
    const measures = taskMeasures({
      labels: task.labels,
      targets: predicted.flatMap(({ sample }) => sample.target ?? []),
      outputs: predicted.map(({ outputs }) => outputs),
    });
    const all = Int32Array.from(predicted, (_, item) => item);
    return Object.fromEntries(Object.entries(measures).map(([name, of]) => [name, of(all)]));
  }

  async write(directory: string | undefined): Promise<void> {
    const { model, task } = this.options;
    const { state } = this;
    // Not rounded to what the model was stored in: the file must give the measures by which it was chosen.
    const trained = { ...model, state, task, dtype: "float32" } as const;
    await state.readTogether(
      directory === undefined ? undefined : () => writeModel(directory, trained),
    );
  }

  async dispose(): Promise<void> {
    await this.#predictor.close();
    this.#steps.dispose();
    this.state.dispose();
  }

  #compiled(sizes: TaskSizes): ShardStep<FlavaForTask<TensorSpec>, LabeledTensors<TensorSpec>> {
    const { recipe, model, task } = this.options;
    const { precision, recompute } = recipe;
    return this.#steps.at(sizesKey(sizes), () =>
      finetuningLoss(sizes, { config: model.config, precision, recompute, task }),
    );
  }
}

function rulesOf(
  parameters: unknown,
  { recipe, model, task }: FinetuningStageOptions,
): ParameterRules {
  const { rules, frozen, rate } = recipe;
  requireRules(parameters, rules);
  requireParts(parameters, frozen);
  return [
    ...freezing([...unusedParts(task.encoder), ...frozen]),
    ...rules,
    ...layerRates(model.config, task.encoder, rate.perLayer),
  ];
}

/** The learning rate at a step, counted from 1: float32 []. */
function rateAt(step: Tensor, { rate, steps }: ResolvedRecipe): Tensor {
  const { peak, warmup, floor, decay } = rate;
  const schedule = { peak, warmup, floor, total: steps };
  return decay === "cosine" ? warmupCosine(step, schedule) : warmupLinear(step, schedule);
}
