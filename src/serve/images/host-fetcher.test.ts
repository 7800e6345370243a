import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HostFetcher, type HostFetcherOptions } from "./host-fetcher.js";
import { isPublicAddress } from "./public-address.js";

/** A host that redirects along /to/PLACE, and otherwise answers with the path. */
const host = createServer(({ url = "/" }, answer) => {
  if (url.startsWith("/to/")) answer.writeHead(302, { location: decodeURIComponent(url.slice(4)) });
  else if (url === "/missing") answer.writeHead(404);
  answer.end(url);
});
beforeAll(async () => {
  await once(host.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => host.close());

/** Takes the test's host, which speaks plain HTTP, for every host of its list. */
const fetcherOf = (options: Partial<HostFetcherOptions> = {}): HostFetcher =>
  new HostFetcher({
    hosts: ["localhost", "127.0.0.1"],
    maxBytes: 100,
    request: ((url: URL, given: object, answer: () => void) => {
      const { port } = host.address() as AddressInfo;
      return request(`http://${url.hostname}:${port}${url.pathname}`, given, answer);
    }) as never,
    isAllowed: () => true,
    ...options,
  });

const fetch = async (url: string, options?: Partial<HostFetcherOptions>): Promise<string> => {
  const file = await fetcherOf(options).fetch(url, "image", AbortSignal.timeout(20_000));
  return Buffer.from(file).toString();
};

describe("a fetcher", () => {
  it("fetches from allowed hosts, and follows their redirects among those", async () => {
    expect(await fetch("https://localhost/a.png")).toBe("/a.png");
    expect(await fetch("https://LOCALHOST/to/https%3A%2F%2Flocalhost%2Fb")).toBe("/b");
  });

  it.each([
    ["http://localhost/a", /expected https/],
    ["https://user:word@localhost/a", /without port and password/],
    ["https://localhost:8443/a", /without port and password/],
    ["https://elsewhere.example/a", /does not allow the host elsewhere.example/],
    ["https://127.0.0.1/a", /the name of a host, not an address/],
    [
      "https://localhost/to/https%3A%2F%2Felsewhere.example%2Fb",
      /does not allow the host elsewhere/,
    ],
    ["https://localhost/to/http%3A%2F%2Flocalhost%2Fb", /expected https/],
    [`https://localhost/${"to/%2F".repeat(4)}to%2F`, /cannot be fetched/],
    ["https://localhost/missing", /answers 404/],
    [`https://localhost/${"a".repeat(100)}`, /more than 100 bytes/],
  ])("refuses %s", async (url, reason) => {
    await expect(fetch(url)).rejects.toThrow(reason);
  });

  it("connects to no private network, whatever a name resolves to", async () => {
    const isAllowed = isPublicAddress;
    await expect(fetch("https://localhost/a.png", { isAllowed })).rejects.toThrow(
      "private network",
    );
  });
});

describe("public addresses", () => {
  it("are those of the internet alone", () => {
    const inner = [
      ...["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"],
      ...["0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1"],
      ...["::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"],
    ];
    expect(inner.filter(isPublicAddress)).toEqual([]);
    const outer = ["8.8.8.8", "172.32.0.1", "2606:4700::1111"];
    expect(outer.filter(isPublicAddress)).toEqual(outer);
  });
});
