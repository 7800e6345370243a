import { cola } from "./cola.js";
import { mnli } from "./mnli.js";
import { mrpc } from "./mrpc.js";
import { qnli } from "./qnli.js";
import { qqp } from "./qqp.js";
import { rte } from "./rte.js";
import { sst2 } from "./sst2.js";
import { stsb } from "./stsb.js";
import type { LabeledTask } from "../task.js";

/** The eight tasks of GLUE, in the order of the paper's Table 4. */
export const languageTasks: readonly LabeledTask[] = [mnli, cola, mrpc, qqp, sst2, qnli, rte, stsb];
