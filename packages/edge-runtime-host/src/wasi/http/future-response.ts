// `future-incoming-response`: the answer to a request that a guest sent, or why there is none.

import type { Readiness } from "../readiness.ts";
import { Wakers } from "../readiness.ts";
import type { Result } from "../results.ts";
import { err, ok } from "../results.ts";
import { Fields } from "./fields.ts";
import { fromLatin1 } from "./header-syntax.ts";
import type { ClientResponse } from "./http-client.ts";
import { HttpFailure } from "./http-client.ts";
import type { ErrorCode } from "./http-types.ts";
import { internalError } from "./http-types.ts";
import type { HttpUsage } from "./http-limits.ts";
import { IncomingResponse } from "./messages.ts";

/** Names and values in turn, as pairs. */
export function* toEntries(flat: readonly string[]): Generator<readonly [string, Uint8Array]> {
  for (let index = 0; index + 1 < flat.length; index += 2) {
    yield [flat[index] ?? "", fromLatin1(flat[index + 1] ?? "")];
  }
}

export class FutureResponse {
  readonly #usage: HttpUsage;
  readonly #abort: () => void;
  readonly #wakers = new Wakers();
  #outcome: Result<ClientResponse, ErrorCode> | undefined;
  #isTaken = false;
  #isClosed = false;

  /** `abort` ends the request where nobody wants its answer. */
  constructor(response: Promise<ClientResponse>, usage: HttpUsage, abort: () => void) {
    this.#usage = usage;
    this.#abort = abort;
    response.then(
      (val) => this.#settle(ok(val)),
      (error: unknown) => this.#settle(err(error instanceof HttpFailure ? error.errorCode : internalError())),
    );
  }

  #settle(outcome: Result<ClientResponse, ErrorCode>): void {
    this.#outcome = outcome;
    if (this.#isClosed && outcome.tag === "ok") outcome.val.contents.abandon();
    this.#wakers.wake();
  }

  readonly readiness: Readiness = {
    isReady: () => this.#outcome !== undefined,
    onReady: this.#wakers.add,
  };

  take(): Result<Result<IncomingResponse, ErrorCode>, undefined> | undefined {
    if (this.#isTaken) return err(undefined);
    const outcome = this.#outcome;
    if (outcome === undefined) return undefined;
    this.#isTaken = true;
    if (outcome.tag === "err") return ok(outcome);
    const { status, headers, contents } = outcome.val;
    return ok(ok(new IncomingResponse(status, Fields.received(this.#usage, toEntries(headers)), contents)));
  }

  close(): void {
    if (this.#isTaken || this.#isClosed) return;
    this.#isClosed = true;
    this.#abort();
    if (this.#outcome?.tag === "ok") this.#outcome.val.contents.abandon();
  }
}
