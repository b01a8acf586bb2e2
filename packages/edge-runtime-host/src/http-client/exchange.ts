// One request of undici's: what it tells about the response, as the response that guests see.

import type { Dispatcher } from "undici";
import { fromLatin1 } from "../wasi/http/header-syntax.ts";
import type { FieldEntry } from "../wasi/http/fields.ts";
import type { ClientRequest, ClientResponse } from "../wasi/http/http-client.ts";
import { HttpFailure } from "../wasi/http/http-client.ts";
import { ReceivedBody } from "../wasi/http/received-body.ts";
import { toErrorCode } from "./error-codes.ts";

type Raw = Dispatcher.DispatchController["rawHeaders"];

/** Names and values in turn, one character a byte. */
function toFlat(raw: Raw): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}

function toEntries(raw: Raw): FieldEntry[] {
  const flat = toFlat(raw);
  return Array.from({ length: flat.length / 2 }, (_, index): FieldEntry => [
    flat[2 * index] ?? "",
    fromLatin1(flat[2 * index + 1] ?? ""),
  ]);
}

export class Exchange {
  readonly #settled = Promise.withResolvers<ClientResponse>();
  readonly #body: ReceivedBody;
  readonly #signal: AbortSignal;
  #connecting: NodeJS.Timeout | undefined;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(request: ClientRequest, signal: AbortSignal) {
    this.#signal = signal;
    this.#body = new ReceivedBody(
      {
        start: () => undefined,
        pause: () => this.#controller?.pause(),
        resume: () => this.#controller?.resume(),
        abandon: () => this.#abort(),
      },
      request.onDone,
    );
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#connecting = setTimeout(
      () => this.fail(new HttpFailure({ tag: "connection-timeout" })),
      request.timeouts.connectMs,
    ).unref();
  }

  get response(): Promise<ClientResponse> {
    return this.#settled.promise;
  }

  readonly #onAbort = (): void => this.fail(new HttpFailure({ tag: "connection-terminated" }));

  /** Ends it, wherever it is. */
  fail(error: unknown): void {
    this.#end();
    this.#settled.reject(error);
    this.#body.fail(toErrorCode(error));
    this.#abort();
  }

  #abort(): void {
    this.#controller?.abort(new HttpFailure({ tag: "connection-terminated" }));
  }

  #end(): void {
    clearTimeout(this.#connecting);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  readonly handler: Dispatcher.DispatchHandler = {
    onRequestStart: (controller) => {
      clearTimeout(this.#connecting);
      this.#controller = controller;
      // Given up while it waited for a connection.
      if (this.#body.ended.isReady()) this.#abort();
    },
    onResponseStart: (controller, status) => {
      // Informational ones come first: the last is the response.
      if (status < 200) return;
      this.#settled.resolve({ status, headers: toFlat(controller.rawHeaders), contents: this.#body });
    },
    onResponseData: (_controller, chunk) => this.#body.push(chunk),
    onResponseEnd: (controller) => {
      this.#end();
      this.#body.end(toEntries(controller.rawTrailers));
    },
    onResponseError: (_controller, error) => {
      this.#end();
      this.#settled.reject(error);
      this.#body.fail(toErrorCode(error));
    },
  };
}
