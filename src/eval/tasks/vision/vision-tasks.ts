import { aircraft } from "./aircraft.js";
import { caltech101 } from "./caltech101.js";
import { cars } from "./cars.js";
import { cifar10 } from "./cifar10.js";
import { cifar100 } from "./cifar100.js";
import { clevr } from "./clevr.js";
import { country211 } from "./country211.js";
import { dtd } from "./dtd.js";
import { eurosat } from "./eurosat.js";
import { fer2013 } from "./fer2013.js";
import { flowers102 } from "./flowers102.js";
import { food101 } from "./food101.js";
import { gtsrb } from "./gtsrb.js";
import { imagenet } from "./imagenet.js";
import { kitti } from "./kitti.js";
import { mnist } from "./mnist.js";
import { pcam } from "./pcam.js";
import { pets } from "./pets.js";
import { renderedSst } from "./sst.js";
import { stl10 } from "./stl10.js";
import { sun397 } from "./sun397.js";
import { ucf101 } from "./ucf101.js";
import type { LabeledTask } from "../task.js";

/** The 22 sets of images, in the order of the paper's Table 4. */
export const visionTasks: readonly LabeledTask[] = [
  imagenet,
  food101,
  cifar10,
  cifar100,
  cars,
  aircraft,
  dtd,
  pets,
  caltech101,
  flowers102,
  mnist,
  stl10,
  eurosat,
  gtsrb,
  kitti,
  pcam,
  ucf101,
  clevr,
  fer2013,
  sun397,
  renderedSst,
  country211,
];
