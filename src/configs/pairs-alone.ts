/** Stages with a single loss on pairs, run before the joint stage. */

const shares = { pair: 1, image: 0, text: 0 };

/** The contrastive loss alone: processes several times as many pairs in the same time as all losses together. */
export const contrastiveAlone = {
  shares,
  mismatched: 0,
  losses: { itm: 0, mmmImage: 0, mmmText: 0 },
};

/**
 * Matching alone, on unmasked pairs with frozen encoders: masks leave little to compare between an icon and its one
 * or two words, so the multimodal encoder takes thousands of steps to start learning; without masks, a hundred.
 */
export const matchingAlone = {
  shares,
  mismatched: 0.5,
  masked: false,
  losses: { mim: 0, mlm: 0, contrastive: 0, mmmImage: 0, mmmText: 0 },
  frozen: ["flava/image", "flava/text"],
};
