/**
 * All verbs: what `flava --help` says of each, and where its options and its work are. A verb's file is loaded when the
 * verb is asked for, as most of them load much of the library.
 */
import type { Verb } from "./verb.js";

export const verbs: Readonly<Record<string, Verb>> = {
  inspect: {
    summary: "describe a checkpoint or this machine",
    load: async () => (await import("./inspect.js")).addInspect,
  },
  classify: {
    summary: "classify images by labels, zero-shot",
    load: async () => (await import("./classify.js")).addClassify,
  },
  match: {
    summary: "predict the probability that an image and a text belong together",
    load: async () => (await import("./match.js")).addMatch,
  },
  fill: {
    summary: "predict masked tokens of a text, or hidden patches of an image",
    load: async () => (await import("./fill.js")).addFill,
  },
  embed: {
    summary: "embed the images and texts of data sets into one file",
    isShared: true,
    load: async () => (await import("./embed.js")).addEmbed,
  },
  search: {
    summary: "search embeddings by a text or an image",
    load: async () => (await import("./searching/search.js")).addSearch,
  },
  index: {
    summary: "embed data sets into an index for search, and keep it up to date",
    load: async () => (await import("./searching/index-verb.js")).addIndex,
  },
  "search-app": {
    summary: "index images and open a page to search them",
    load: async () => (await import("./searching/search-app.js")).addSearchApp,
  },
  dedupe: {
    summary: "find duplicates and near-duplicates among images",
    load: async () => (await import("./searching/dedupe.js")).addDedupe,
  },
  serve: {
    summary: "answer requests over HTTP: embeddings, classification, matching and filling",
    load: async () => (await import("./serving/serve.js")).addServe,
  },
  app: {
    summary: "write a static site that classifies, searches folders and trains in the browser",
    load: async () => (await import("./serving/app.js")).addApp,
  },
  export: {
    summary: "write a model as ONNX files, for other engines",
    load: async () => (await import("./export.js")).addExport,
  },
  evaluate: {
    summary: "evaluate zero-shot classification, linear probes or retrieval",
    isShared: true,
    load: async () => (await import("./evaluation/evaluate.js")).addEvaluate,
  },
  probe: {
    summary: "fit a linear classifier to features of labeled images, and score it",
    isShared: true,
    load: async () => (await import("./evaluation/probe.js")).addProbe,
  },
  tasks: {
    summary: "list the 35 tasks of the paper's evaluation",
    load: async () => (await import("./evaluation/tasks.js")).addTasks,
  },
  data: {
    summary: "build data sets and vocabularies for training and evaluation",
    load: async () => (await import("./data/data.js")).addData,
  },
  ablate: {
    summary: "train and compare the models of the paper's ablations, with several seeds",
    load: async () => (await import("./training/ablate.js")).addAblate,
  },
  pretrain: {
    summary: "train a model by a recipe",
    isShared: true,
    load: async () => (await import("./training/pretrain.js")).addPretrain,
  },
  watch: {
    summary: "show the losses of a run",
    load: async () => (await import("./training/watch.js")).addWatch,
  },
  finetune: {
    summary: "fine-tune a model on labeled texts, images or both",
    isShared: true,
    load: async () => (await import("./training/finetune.js")).addFinetune,
  },
  predict: {
    summary: "predict with a fine-tuned model",
    load: async () => (await import("./labeled/predict.js")).addPredict,
  },
  convert: {
    summary: "write a checkpoint as a directory that this package and transformers load",
    load: async () => (await import("./convert.js")).addConvert,
  },
  doctor: {
    summary: "say what is slow or broken here, and how to mend it",
    load: async () => (await import("./setup/doctor.js")).addDoctor,
  },
  completion: {
    summary: "print a script for completion by bash, zsh or fish",
    load: async () => {
      const { addCompletion } = await import("./setup/completion.js");
      return (program) => addCompletion(program, verbs);
    },
  },
};
