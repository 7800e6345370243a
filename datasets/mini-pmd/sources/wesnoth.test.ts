import { describe, expect, it } from "vitest";
import { blocksOf, figuresOf, racesOf } from "./wesnoth.js";

const unit = `#textdomain units
[unit_type]
    id=Frog Rider
    name= _ "female^Frog Rider"
    race=frog
    image="units/frogs/rider.png~RC(a>b)"
    profile="portraits/frogs/rider.png"
    {SOME_MACRO "frames/a-[1].png"}
    description= _ "Riders of ""big"" frogs.
They jump."+_" Far."
    [attack]
        name=spear
        description=_"spear"
    [/attack]
    [female]
        name= _ "Frog Lady"
        image="units/frogs/lady.png"
    [/female]
[/unit_type]
[unit_type]
    id=Nobody
    name= _ "Nobody"
[/unit_type]
`;

describe("the game's markup", () => {
  it("describes figures and their female forms", () => {
    const shared = { race: "frog", description: 'Riders of "big" frogs. They jump. Far.' };
    expect(figuresOf(blocksOf(unit))).toEqual([
      {
        id: "Frog Rider",
        name: "Frog Rider",
        ...shared,
        image: "units/frogs/rider.png",
        portrait: "portraits/frogs/rider.png",
      },
      { id: "Frog Rider-female", name: "Frog Lady", ...shared, image: "units/frogs/lady.png" },
    ]);
  });

  it("names races", () => {
    const text = `[units]\n[race]\n  id=frog\n  male_name= _ "race^Frog"\n[/race]\n[/units]`;
    expect(racesOf(blocksOf(text))).toEqual(new Map([["frog", "Frog"]]));
  });

  it("tolerates unbalanced blocks", () => {
    const blocks = blocksOf("[/lost]\n[a]\n[b]\nx=1\n[/a]\n[c]\ny=2");
    expect(blocks.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(blocks[1]?.values.get("y")).toBe("2");
  });
});
