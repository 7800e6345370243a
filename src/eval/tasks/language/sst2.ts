import { glueTask } from "./glue-task.js";

export const sst2 = glueTask({
  name: "sst-2",
  title: "SST-2",
  metrics: ["accuracy"],
  paper: [null, 87.96, 86.47, 89.33, 90.14, 90.94, 83.49, 88.19],
  classes: ["negative", "positive"],
  table: { text: "sentence", label: "label" },
  parquet: { text: "sentence" },
  samples: { train: 67_349, validation: 872 },
});
