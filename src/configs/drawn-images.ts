/**
 * Settings of a codebook for drawn images, which are mostly white. DALL-E's, made for photographs, reconstruct gray blobs
 * from a handful of codes: a learned scale gives all weight to white, and the divergence, taken cell by cell, keeps codes
 * from telling anything. Instead the scale is fixed, and it is a batch, not a cell, that should use many codes.
 */
export const drawnImages = { scale: 0.5, usage: 20 } as const;
