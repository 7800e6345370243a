import { glueTask } from "./glue-task.js";

export const qnli = glueTask({
  name: "qnli",
  title: "QNLI",
  metrics: ["accuracy"],
  paper: [null, 82.32, 71.85, 84.77, 86.4, 87.31, 49.46, 50.54],
  classes: ["entailment", "not_entailment"],
  table: { text: "question", textPair: "sentence", label: "label" },
  parquet: { text: "question", textPair: "sentence" },
  samples: { train: 104_743, validation: 5463 },
});
