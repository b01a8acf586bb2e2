// The body of a client's request on its way to a guest: nothing is read before the guest asks for it, and no faster than
// the guest reads. A client that waits to be told to send its body is told then.

import { toEntries, ReceivedBody } from "edge-runtime-host";
import type { IncomingContents } from "edge-runtime-host";
import type { Exchange } from "./exchange.ts";

export interface ContentsOptions {
  readonly hasBody: boolean;
  readonly expectsContinue: boolean;
}

export function readContents(exchange: Exchange, { hasBody, expectsContinue }: ContentsOptions): IncomingContents {
  if (!hasBody) return ReceivedBody.empty();
  const { request, response } = exchange;
  const body = new ReceivedBody({
    start: () => {
      if (expectsContinue && !response.headersSent && !response.destroyed) {
        exchange.isLast = false;
        response.writeContinue();
      }
      request.on("data", (chunk: Buffer) => body.push(chunk));
      request.on("end", () => body.end([...toEntries(request.rawTrailers)]));
    },
    pause: () => void request.pause(),
    resume: () => void request.resume(),
    // What still comes is thrown away once the answer is sent, by Node.
    abandon: () => void request.pause(),
  });
  // Without a listener Node would call a client that goes away unhandled.
  request.on("error", () => body.fail({ tag: "connection-terminated" }));
  request.on("close", () => body.fail({ tag: "connection-terminated" }));
  return body;
}
