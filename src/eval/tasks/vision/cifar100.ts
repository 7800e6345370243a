import { cifar100Classes } from "../classes/cifar100.js";
import { binaryLayout, cifarTemplates, picklePart } from "./cifar.js";
import { imageSet, trainAndTest } from "./image-set.js";

export const cifar100 = imageSet({
  name: "cifar100",
  title: "CIFAR100",
  origin:
    "www.cs.toronto.edu/~kriz/cifar.html (cifar-100-python.tar.gz or cifar-100-binary.tar.gz)",
  gigabytes: 0.2,
  classes: cifar100Classes,
  templates: cifarTemplates,
  paper: [55.57, null, 78.37, 78.01, 76.49, 77.68, 74.4, 81.1],
  samples: { train: 50_000, test: 10_000 },
  official: {
    train: picklePart(["cifar-100-python/train"], "fine_labels", cifar100Classes),
    test: picklePart(["cifar-100-python/test"], "fine_labels", cifar100Classes),
  },
  otherLayouts: [
    binaryLayout(
      { train: ["cifar-100-binary/train.bin"], test: ["cifar-100-binary/test.bin"] },
      2,
      cifar100Classes,
    ),
  ],
  parquet: { image: "img", label: "fine_label", configuration: "cifar100" },
  protocols: { clip: trainAndTest },
});
