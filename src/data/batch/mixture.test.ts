import { describe, expect, it } from "vitest";
import { type BatchPlan, Mixture, type MixtureCursor, type MixtureOptions } from "./mixture.js";

const options: MixtureOptions = {
  seed: 7,
  batch: { pair: 8, image: 4, text: 2 },
  shares: { pair: 0.7, image: 0.15, text: 0.15 },
  sets: {
    pair: [
      { name: "large", samples: 900 },
      { name: "small", samples: 100 },
    ],
    image: [{ name: "images", samples: 50 }],
    text: [{ name: "words", samples: 20 }],
  },
  temperature: 1,
  mismatched: 0.1,
};
const pairsAlone = { ...options, shares: { pair: 1, image: 0, text: 0 } };

function plans(count: number, changes: Partial<MixtureOptions> = {}): BatchPlan[] {
  const mixture = new Mixture({ ...options, ...changes });
  return Array.from({ length: count }, () => mixture.next());
}

const share = <T>(items: readonly T[], holds: (item: T) => boolean): number =>
  items.filter(holds).length / items.length;

describe("Mixture", () => {
  it("draws kinds by share, in batches of the given sizes", () => {
    const drawn = plans(4000);
    for (const kind of ["pair", "image", "text"] as const) {
      const part = share(drawn, (plan) => plan.kind === kind);
      expect(Math.abs(part - options.shares[kind])).toBeLessThan(0.03); // four deviations
    }
    for (const { kind, samples } of drawn) expect(samples).toHaveLength(options.batch[kind]);
  });

  it.each([
    [1, 0.9],
    [2, 0.75], // 30 to 10
    [1e9, 0.5],
  ])("draws sets in proportion to samples^(1 / %d)", (temperature, expected) => {
    const samples = plans(800, { ...pairsAlone, temperature }).flatMap((plan) => plan.samples);
    expect(Math.abs(share(samples, ({ set }) => set === 0) - expected)).toBeLessThan(0.025);
  });

  it("never draws from an empty set", () => {
    const pair = [
      { name: "none", samples: 0 },
      { name: "some", samples: 5 },
      { name: "nothing", samples: 0 },
    ];
    const drawn = plans(200, { ...pairsAlone, sets: { ...options.sets, pair } });
    const samples = drawn.flatMap((plan) => plan.samples);
    expect(new Set(samples.flatMap(({ set, textOf }) => [set, textOf?.[0]?.set ?? 1]))).toEqual(
      new Set([1]),
    );
  });

  it("visits every record of a set once per epoch, in a new order each time", () => {
    const image = plans(25, { shares: { pair: 0, image: 1, text: 0 } });
    const records = image.flatMap(({ samples }) => samples);
    const epochs = [0, 1].map((epoch) =>
      records.filter((record) => record.epoch === epoch).map(({ record }) => record),
    );
    for (const epoch of epochs) expect(new Set(epoch).size).toBe(50);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it("replaces the text of a share of the pairs, and of no other kind", () => {
    const drawn = plans(4000, { mismatched: 0.3 });
    const textOf = (kind: string): number =>
      share(
        drawn.flatMap((plan) => (plan.kind === kind ? plan.samples : [])),
        (sample) => sample.textOf !== undefined,
      );
    expect(Math.abs(textOf("pair") - 0.3)).toBeLessThan(0.015);
    expect([textOf("image"), textOf("text")]).toEqual([0, 0]);
  });

  it("resumes from any cursor, which is plain JSON", () => {
    const mixture = new Mixture(options);
    const whole: BatchPlan[] = [];
    const cursors: string[] = [];
    for (let step = 0; step < 20; step++) {
      cursors.push(JSON.stringify(mixture.cursor));
      whole.push(mixture.next());
    }
    for (const step of [0, 1, 13]) {
      const resumed = new Mixture(options, JSON.parse(cursors[step]!) as MixtureCursor);
      const rest = Array.from({ length: 20 - step }, () => resumed.next());
      expect(rest).toEqual(whole.slice(step));
    }
  });

  it("rejects invalid options", () => {
    const make = (changes: Partial<MixtureOptions>) => () =>
      new Mixture({ ...options, ...changes });
    expect(make({ shares: { pair: 0, image: 0, text: 0 } })).toThrow(/All shares/);
    expect(make({ sets: { ...options.sets, text: [] } })).toThrow(/"text".*no samples/);
    expect(make({ batch: { ...options.batch, image: 0 } })).toThrow(/"image" must be positive/);
    expect(make({ temperature: 0.5 })).toThrow(/temperature >= 1/);
    expect(make({ mismatched: 1 })).toThrow(/\[0, 1\)/);
  });
});
