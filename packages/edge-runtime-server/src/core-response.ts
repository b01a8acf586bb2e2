// Core modules have no requests and responses: what their entry point returns is the answer, as text.

import type { GuestResponse } from "./guest-response.ts";

const TEXT_HEADERS = [["content-type", "text/plain; charset=utf-8"]] as const;

/** The results in decimal, separated by spaces, with a line end; status 204 where there are none. */
export function toCoreResponse(results: readonly (number | bigint)[]): GuestResponse {
  if (results.length === 0) return { status: 204, headers: [], body: undefined };
  return { status: 200, headers: TEXT_HEADERS, body: new TextEncoder().encode(`${results.join(" ")}\n`) };
}
