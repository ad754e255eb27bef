/**
 * Addresses as people write them: "127.0.0.1:7001", "[::1]:7001", and, where one dials, "gateway-3.internal:7001".
 * What is listened on is a literal address: a name may mean several, and then it is unclear which one is bound.
 */

import type { Address } from "#link/transport.ts";

const PORT_MAX = 65_535;
const NAME = /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*\.?$/;
const IPV6 = /^[0-9a-fA-F:.]{2,45}$/;

/** Undefined unless it is host and port, with a port from 1 to 65535. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port < 1 || port > PORT_MAX) return undefined;
  const inBrackets = match[1];
  if (inBrackets !== undefined) {
    return isIpv6(inBrackets) ? { host: inBrackets, port } : undefined;
  }
  const host = match[2] ?? "";
  return isIpv4(host) || isName(host) ? { host, port } : undefined;
}

/** True for an IPv4 or IPv6 address, false for a name. */
export function isLiteral(host: string): boolean {
  return isIpv4(host) || isIpv6(host);
}

/** Every interface of the machine: can be listened on, cannot be dialled. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]+$/.test(host);
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(host: string): boolean {
  return IPV6.test(host) && host.includes(":") && host.split("::").length <= 2;
}

/** A name's last part is not a number, or "1.2.3" and "1.2.3.999" would pass for names. */
function isName(host: string): boolean {
  return NAME.test(host) && !/(^|\.)[0-9]+\.?$/.test(host);
}
