import { coco } from "./coco.js";
import { flickr30k } from "./flickr30k.js";
import { hatefulMemes } from "./hateful-memes.js";
import { snliVe } from "./snli-ve.js";
import { vqav2 } from "./vqav2.js";
import type { Task } from "../task.js";

/** The five tasks on images with texts, in the order of the paper's Table 4. */
export const multimodalTasks: readonly Task[] = [vqav2, snliVe, hatefulMemes, flickr30k, coco];
