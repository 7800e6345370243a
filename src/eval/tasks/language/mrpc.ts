import { glueTask } from "./glue-task.js";

export const mrpc = glueTask({
  name: "mrpc",
  title: "MRPC",
  metrics: ["accuracy", "F1"],
  paper: [null, 73.24, 76.31, 79.14, 78.91, 84.16, 68.74, 69.91],
  classes: ["not_equivalent", "equivalent"],
  table: { text: "#1 String", textPair: "#2 String", label: "Quality" },
  samples: { train: 3668, validation: 408 },
});
