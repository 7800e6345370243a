/** What the stages before the joint one have in common that learn one thing from pairs alone. */

const shares = { pair: 1, image: 0, text: 0 };

/** The contrastive loss and no other: it sees several times as many pairs as all losses together in the same time. */
export const contrastiveAlone = {
  shares,
  mismatched: 0,
  losses: { itm: 0, mmmImage: 0, mmmText: 0 },
};

/**
 * Matching and nothing else, from whole pairs and with frozen encoders: behind masks little of an icon and its one or two
 * words can be compared, so that the multimodal encoder takes thousands of steps to begin; from whole pairs a hundred.
 */
export const matchingAlone = {
  shares,
  mismatched: 0.5,
  masked: false,
  losses: { mim: 0, mlm: 0, contrastive: 0, mmmImage: 0, mmmText: 0 },
  frozen: ["flava/image", "flava/text"],
};
