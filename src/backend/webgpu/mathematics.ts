/** Functions of the shaders. WGSL's own are used where they are exact enough, and defined for what is not finite. */
export const mathematics = /* wgsl */ `
fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }
fn notANumber() -> f32 { var bits = 0x7fc00000u; return bitcast<f32>(bits); }
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
fn maximum(a: f32, b: f32) -> f32 { return select(select(max(a, b), b, isNan(b)), a, isNan(a)); }
fn minimum(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, isNan(b)), a, isNan(a)); }

fn fromBfloat16(bits: u32) -> f32 { return bitcast<f32>(bits << 16u); }
// To nearest, ties to even, as toBfloat16 in values.ts.
fn toBfloat16(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
  return select(rounded, (bits >> 16u) | 0x40u, isNan(x));
}
fn toInt8(x: f32) -> u32 { return bitcast<u32>(toInt32(x)) & 0xffu; }
// WGSL leaves open what it gives for NaN, and its largest is the largest f32 below 2^31.
fn toInt32(x: f32) -> i32 { return select(select(i32(x), 2147483647i, x >= 2147483648.0), 0i, isNan(x)); }
fn roundedToInt8(x: f32) -> f32 { return select(clamp(round(x), -128.0, 127.0), 0.0, isNan(x)); }
fn roundedToBfloat16(x: f32) -> f32 { return fromBfloat16(toBfloat16(x)); }

// The complementary error function of x >= 0, to 1.2e-7 of its value (Press et al., Numerical Recipes, 6.2).
fn complement(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.5 * x);
  let series = t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  return t * exp(-x * x - 1.26551223 + series);
}
fn normalCumulative(x: f32) -> f32 {
  let tail = 0.5 * complement(abs(x) * 0.70710678);
  return select(tail, 1.0 - tail, x >= 0.0);
}
fn gelu(x: f32) -> f32 { return select(select(x * normalCumulative(x), 0.0, x < -3.4e38), x, isNan(x)); }
fn geluDerivative(x: f32) -> f32 {
  return select(normalCumulative(x) + x * exp(-0.5 * x * x) * 0.39894228, x, isNan(x));
}
// WGSL leaves open what it gives for NaN.
fn exponential(x: f32) -> f32 { return select(exp(x), x, isNan(x)); }
// WGSL's log may be off by 5e-7 near 1: x = m * 2^e with m near 1, and log m = 2 artanh((m - 1) / (m + 1)).
fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let e = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
  let m = bitcast<f32>(bits - (bitcast<u32>(e) << 23u));
  let s = (m - 1.0) / (m + 1.0);
  let z = s * s;
  let ofM = s * (2.0 + z * (0.66666667 + z * (0.4 + z * (0.28571429 + z * 0.22222222))));
  let found = select(f32(e) * 0.69314718 + ofM, x, x > 3.4e38);
  return select(select(found, -infinity(), x == 0.0), notANumber(), x < 0.0 || isNan(x));
}
// WGSL's tanh may overflow.
fn hyperbolicTangent(x: f32) -> f32 { return select(tanh(clamp(x, -15.0, 15.0)), x, isNan(x)); }
// WGSL's cos may be off by 5e-4.
fn cosineOfTurns(turns: f32) -> f32 {
  let x = 6.2831853 * (0.25 - abs(turns - round(turns)));
  let y = x * x;
  return x * (1.0 + y * (-0.16666667 + y * (8.3333333e-3 + y * (-1.9841270e-4 + y * (2.7557319e-6 - y * 2.5052108e-8)))));
}
fn cosine(x: f32) -> f32 { return cosineOfTurns(x * 0.15915494); }
// 1 - e^x for x <= 0, exact near 0.
fn oneMinusExp(x: f32) -> f32 {
  let series = -x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * (8.3333333e-3 + x * 1.3888889e-3)))));
  return select(1.0 - exp(x), series, x > -0.3);
}
`;
