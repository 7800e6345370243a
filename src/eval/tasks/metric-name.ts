/**
 * The metrics of tasks; "F1" is that of class 1, R@k is recall at k, "zero-shot accuracy" is that of prompts instead of a linear
 * probe.
 */
export type MetricName =
  | "accuracy"
  | "mean per class"
  | "zero-shot accuracy"
  | "F1"
  | "Matthews"
  | "Pearson"
  | "Spearman"
  | "AUROC"
  | "VQA accuracy"
  | "text R@1"
  | "text R@5"
  | "text R@10"
  | "image R@1"
  | "image R@5"
  | "image R@10";
