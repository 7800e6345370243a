import { glueTask } from "./glue-task.js";

export const cola = glueTask({
  name: "cola",
  title: "CoLA",
  metrics: ["Matthews"],
  otherMetrics: ["accuracy"],
  paper: [null, 39.55, 17.58, 38.97, 44.22, 50.65, 11.02, 25.37],
  note: "The table's caption exchanges the metrics of CoLA and STS-B.",
  classes: ["unacceptable", "acceptable"],
  table: {
    text: "sentence",
    label: "label",
    columns: ["source", "label", "original", "sentence"],
  },
  parquet: { text: "sentence" },
  samples: { train: 8551, validation: 1043 },
});
