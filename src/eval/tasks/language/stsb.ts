import { glueTask } from "./glue-task.js";

export const stsb = glueTask({
  name: "sts-b",
  title: "STS-B",
  metrics: ["Pearson", "Spearman"],
  paper: [null, 78.89, 57.28, 84.29, 83.21, 85.67, 13.7, 15.98],
  note: "The table's caption exchanges the metrics of CoLA and STS-B; whether the number is the mean of both is not stated.",
  classes: [],
  table: { text: "sentence1", textPair: "sentence2", label: "score" },
  samples: { train: 5749, validation: 1500 },
});
