import { languageTasks } from "./language/language-tasks.js";
import { multimodalTasks } from "./multimodal/multimodal-tasks.js";
import { visionTasks } from "./vision/vision-tasks.js";
import type { Task } from "./task.js";

/** The 35 tasks of FLAVA's evaluation, in the order of the paper's Table 4 (flava.md 7.1). */
export const flava35: readonly Task[] = [...languageTasks, ...visionTasks, ...multimodalTasks];
