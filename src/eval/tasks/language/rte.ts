import { glueTask } from "./glue-task.js";

export const rte = glueTask({
  name: "rte",
  title: "RTE",
  metrics: ["accuracy"],
  paper: [null, 50.54, 51.99, 51.99, 54.87, 57.76, 53.07, 55.23],
  classes: ["entailment", "not_entailment"],
  table: { text: "sentence1", textPair: "sentence2", label: "label" },
  samples: { train: 2490, validation: 277 },
});
