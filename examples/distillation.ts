/**
 * Pre-training with a loss of one's own: besides those of the recipe, the student's similarities of all images and texts
 * of a batch should be those of a teacher, the model that ships.
 *
 *   distillation.ts [RECIPE] [OUT]
 */
import { load } from "flava";
import {
  type Program,
  type Tensor,
  type TensorSpec,
  compile,
  openBackend,
  spec,
} from "flava/engine";
import { imageOutputs, textOutputs } from "flava/model";
import { mean, multiply, product, subtract } from "flava/ops";
import { type ExtraLoss, pretrain, readRecipe } from "flava/train";

const [name = "quickstart", directory = "runs/distillation"] = process.argv.slice(2);

await using teacher = await load();
const { config, state } = teacher.model;

type PairInputs = Record<"pixels" | "ids" | "lengths", TensorSpec>;
type Embeddings = Record<"images" | "texts", Tensor>;
const programs = new Map<string, Program<PairInputs, Embeddings>>(); // one for each shape of a batch

function teacherProgram(pixels: TensorSpec, ids: TensorSpec): Program<PairInputs, Embeddings> {
  const [samples = 0] = pixels.shape;
  const key = `${pixels.shape.join("x")} ${ids.shape.join("x")}`;
  const inputs = { pixels, ids, lengths: spec([samples], "int32") };
  const program =
    programs.get(key) ??
    compile({ state, inputs }, ({ parameters }, given) => {
      const model = { config, parameters, precision: "bfloat16" } as const;
      const images = imageOutputs(model, given, { keepTokens: 1 }).embedding;
      return { outputs: { images, texts: textOutputs(model, given, { keepTokens: 1 }).embedding } };
    });
  programs.set(key, program);
  return program;
}

const similarities: ExtraLoss = {
  name: "similarities",
  kinds: ["pair"],
  weight: 10,
  inputs: (batch) => {
    if (batch.kind !== "pair") return {};
    const embeddings = spec([batch.pixels.shape[0]!, config.projection]);
    return { images: embeddings, texts: embeddings };
  },
  values: async (batch) => {
    const { sizes } = batch;
    if (batch.kind !== "pair" || sizes.kind !== "pair") return {};
    const pixels = spec([sizes.samples, ...sizes.images.pixels]);
    const ids = spec([sizes.samples, sizes.texts.length], "int32");
    return teacherProgram(pixels, ids).run(batch);
  },
  loss: ({ objectives, inputs: { images, texts } }) => {
    const own = objectives.contrastive!.embeddings;
    const difference = subtract(
      product(own.images, own.texts, { transposeB: true }), // [B, B]
      product(images!, texts!, { transposeB: true }),
    );
    return mean(multiply(difference, difference));
  },
};

const backend = openBackend();
await pretrain({
  recipe: await readRecipe(name),
  directory,
  backend,
  workers: 1,
  extraLosses: [similarities],
  log: console.log,
});
backend.dispose();
