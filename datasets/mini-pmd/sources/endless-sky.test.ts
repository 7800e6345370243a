import { describe, expect, it } from "vitest";
import { dataNodes, sceneOf, thingsOf } from "./endless-sky.js";

const data = `# A comment
outfit "Big Lamp"
	category "Systems"
	thumbnail "outfit/big lamp"
	weapon
		sprite "projectile/light"
	description "It shines."  # and how
	description \`	It says "hello".\`

ship Arrow
	sprite "ship/arrow"
	attributes
		category "Light Freighter"
	description "It flies."
ship "Arrow" "Arrow (Red)"
	sprite "ship/red arrow"
	description "A variant."
outfit "Secret"
	thumbnail "outfit/unknown"
	description "Nobody knows."
`;

describe("the game's data", () => {
  it("is a tree by indentation", () => {
    const [lamp] = dataNodes(data);
    expect(lamp?.words).toEqual(["outfit", "Big Lamp"]);
    expect(lamp?.children[2]?.children[0]?.words).toEqual(["sprite", "projectile/light"]);
    expect(dataNodes("\t\tdeep\nflat").map(({ words }) => words)).toEqual([["deep"], ["flat"]]);
  });

  it("reads things with their own image", () => {
    expect(thingsOf(dataNodes(data))).toEqual([
      {
        kind: "outfit",
        name: "Big Lamp",
        category: "Systems",
        description: 'It shines. It says "hello".',
        image: "outfit/big lamp",
      },
      {
        kind: "ship",
        name: "Arrow",
        category: "Light Freighter",
        description: "It flies.",
        image: "ship/arrow",
      },
    ]);
  });
});

it("distinguishes scenes from photographers", () => {
  expect(sceneOf("land/mountain10-someone.jpg")).toBe("mountain");
  expect(sceneOf("land/myrabella3.jpg")).toBeUndefined();
  expect(sceneOf("ship/arrow.png")).toBeUndefined();
});
