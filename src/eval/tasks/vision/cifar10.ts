import { binaryLayout, cifarTemplates, picklePart } from "./cifar.js";
import { imageSet, trainAndTest } from "./image-set.js";

const classes = [
  ...["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
];
const batches = [1, 2, 3, 4, 5];
const pickles = "cifar-10-batches-py";
const binaries = "cifar-10-batches-bin";

export const cifar10 = imageSet({
  name: "cifar10",
  title: "CIFAR10",
  origin: "www.cs.toronto.edu/~kriz/cifar.html (cifar-10-python.tar.gz or cifar-10-binary.tar.gz)",
  gigabytes: 0.2,
  classes,
  templates: cifarTemplates,
  paper: [76.2, null, 93.44, 92.37, 92.63, 92.87, 91.25, 94.93],
  samples: { train: 50_000, test: 10_000 },
  official: {
    train: picklePart(
      batches.map((batch) => `${pickles}/data_batch_${batch}`),
      "labels",
      classes,
    ),
    test: picklePart([`${pickles}/test_batch`], "labels", classes),
  },
  otherLayouts: [
    binaryLayout(
      {
        train: batches.map((batch) => `${binaries}/data_batch_${batch}.bin`),
        test: [`${binaries}/test_batch.bin`],
      },
      1,
      classes,
    ),
  ],
  parquet: { image: "img", configuration: "plain_text" },
  protocols: { clip: trainAndTest },
});
