/** Half-precision numbers: 1 sign, 5 exponent and 10 fraction bits (IEEE 754 binary16). */

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The values of all 65,536 halves; a lookup is several times as fast as arithmetic. */
let numbers: Float32Array | undefined;

/** Converts half-precision bits to numbers in `target`. */
export function fromFloat16(
  bits: Uint16Array,
  target = new Float32Array(bits.length),
): Float32Array {
  const table = (numbers ??= Float32Array.from({ length: 65536 }, (_, half) => halfToNumber(half)));
  for (let i = 0; i < bits.length; i++) target[i] = table[bits[i]!]!;
  return target;
}

/** float32 numbers rounded to half precision (to nearest, ties to even), as bits; overflow gives infinity. */
export function toFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) halves[i] = halfOfWord(words[i]!);
  return halves;
}

/** Converts the bits of a float32 to those of a half. */
function halfOfWord(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and more
  if (magnitude >= 0x38800000) {
    // Normal: the exponent is rebased from 127 to 15, and 13 bits of the fraction are rounded away. A carry goes into
    // the exponent, as it should, and from the largest half to infinity.
    const rebased = magnitude - (112 << 23);
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Subnormal: a multiple of 2^-24.
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return sign;
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const kept = fraction >>> shift;
  const lost = fraction & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const up = lost > half || (lost === half && (kept & 1) === 1);
  return sign | (kept + (up ? 1 : 0));
}
