// `host:port` as configuration files write it. IPv6 addresses stand in brackets, as in URLs, so that the last colon
// is always the port's.

export interface ListenAddress {
  /** Without brackets. */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** Undefined where the text is no address with a port. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[(?<ip6>[0-9A-Fa-f:.]{2,45})\]|(?<host>[A-Za-z0-9.-]{1,253})):(?<port>[0-9]{1,5})$/.exec(text);
  const host = match?.groups?.["ip6"] ?? match?.groups?.["host"];
  const port = Number(match?.groups?.["port"]);
  if (host === undefined || !(port <= 65_535)) return undefined;
  return { host, port };
}
