import { glueTask } from "./glue-task.js";

export const qqp = glueTask({
  name: "qqp",
  title: "QQP",
  metrics: ["accuracy", "F1"],
  paper: [null, 86.68, 85.94, 88.49, 88.6, 88.74, 59.17, 65.33],
  note: "The table prints 98.61 for FLAVA without initialization, by mistake: only 88.60, as in the supplement, gives its average.",
  classes: ["not_duplicate", "duplicate"],
  table: { text: "question1", textPair: "question2", label: "is_duplicate" },
  parquet: { text: "question1", textPair: "question2" },
  samples: { train: 363_846, validation: 40_430 },
  hasBrokenRows: true,
});
