// Which hosts and ports a grant names: `api.example.com:443`, `*.example.com:*`, `[2001:db8::1]:53`, `*:443`. Names are
// ASCII (a pattern for bücher.example is written xn--bcher-kva.example) and compared without case and final dot;
// addresses are compared as addresses, whatever their spelling.

import { canonicalAddress } from "./ip-address.ts";

export interface HostPattern {
  /** Lower case, without `:`; undefined: any. */
  readonly scheme: string | undefined;
  /** `suffix`: what follows `*.`; names that end in it match, it does not itself. */
  readonly host:
    | { readonly kind: "any" }
    | { readonly kind: "suffix"; readonly suffix: string }
    | { readonly kind: "exact"; readonly host: string };
  /** undefined: not said. */
  readonly port: number | "any" | undefined;
}

const MAX_LENGTH = 300;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const PARTS =
  /^(?:(?<scheme>[a-z][a-z0-9+.-]{0,20}):\/\/)?(?:\[(?<ip6>[0-9a-f:.]+)\]|(?<host>[a-z0-9._*-]+))(?::(?<port>[0-9]{1,5}|\*))?$/;

/** Undefined where the text is no pattern. */
export function parseHostPattern(text: string): HostPattern | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const groups = PARTS.exec(text.toLowerCase())?.groups;
  const ip6 = groups?.["ip6"];
  const host = ip6 === undefined ? parseName(groups?.["host"] ?? "") : parseAddress(ip6);
  const port = parsePort(groups?.["port"]);
  if (host === undefined || port === "none") return undefined;
  return { scheme: groups?.["scheme"], host, port };
}

function parsePort(text: string | undefined): HostPattern["port"] | "none" {
  if (text === undefined) return undefined;
  if (text === "*") return "any";
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : "none";
}

function parseAddress(text: string): HostPattern["host"] | undefined {
  const host = canonicalAddress(text);
  return host?.includes(":") === true ? { kind: "exact", host } : undefined;
}

function parseName(text: string): HostPattern["host"] | undefined {
  if (text === "*") return { kind: "any" };
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  const isSuffix = name.startsWith("*.");
  const labels = (isSuffix ? name.slice(2) : name).split(".");
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return undefined;
  // A last label of digits makes it an address for URL parsers: only the full form says which.
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? "")) {
    const host = canonicalAddress(name);
    return host === undefined ? undefined : { kind: "exact", host };
  }
  return isSuffix ? { kind: "suffix", suffix: name.slice(2) } : { kind: "exact", host: name };
}

/** Lower case, without final dot; addresses canonical and without brackets. What patterns are compared with. */
export function canonicalHost(host: string): string {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const name = bare.toLowerCase();
  return canonicalAddress(name) ?? (name.endsWith(".") ? name.slice(0, -1) : name);
}

/** `host` is a canonical one. */
export function matchesHostName(pattern: HostPattern, host: string): boolean {
  switch (pattern.host.kind) {
    case "any":
      return true;
    case "exact":
      return pattern.host.host === host;
    case "suffix":
      return host.endsWith(`.${pattern.host.suffix}`) && canonicalAddress(host) === undefined;
  }
}

/** `host` is a canonical one. A pattern that says no port matches only where `port` is `defaultPort`. */
export function matchesHost(pattern: HostPattern, host: string, port: number, defaultPort?: number): boolean {
  const portMatches = pattern.port === "any" || (pattern.port ?? defaultPort) === port;
  return portMatches && matchesHostName(pattern, host);
}
