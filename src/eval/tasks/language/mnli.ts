import { glueTask } from "./glue-task.js";

export const mnli = glueTask({
  name: "mnli",
  title: "MNLI",
  metrics: ["accuracy"],
  paper: [null, 73.23, 70.99, 76.82, 78.06, 80.33, 32.85, 33.52],
  classes: ["entailment", "neutral", "contradiction"],
  table: { text: "sentence1", textPair: "sentence2", label: "gold_label" },
  parquet: { text: "premise", textPair: "hypothesis" },
  samples: { train: 392_702, validation_matched: 9815, validation_mismatched: 9832 },
  files: {
    train: "train.tsv",
    validation_matched: "dev_matched.tsv",
    validation_mismatched: "dev_mismatched.tsv",
  },
});
