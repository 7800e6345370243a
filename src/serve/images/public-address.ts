import { BlockList, isIPv6 } from "node:net";

/** Networks that are not the public internet: this machine, private, link-local, multicast and reserved ones (RFC 6890). */
const inner = listOf(
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 " +
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 2001::/23 2001:db8::/32 2002::/16",
);
/** The only IPv6 addresses on the public internet; those that hold an IPv4 address are judged by it or refused. */
const outer = listOf("2000::/3");

function listOf(networks: string): BlockList {
  const list = new BlockList();
  for (const network of networks.split(" ")) {
    const [address, prefix] = network.split("/") as [string, string];
    list.addSubnet(address, Number(prefix), isIPv6(address) ? "ipv6" : "ipv4");
  }
  return list;
}

/** Whether an IP address belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return !inner.check(address, "ipv4");
  return outer.check(address, "ipv6") && !inner.check(address, "ipv6");
}
