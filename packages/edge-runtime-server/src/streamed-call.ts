// One call of a guest's wasi:http/incoming-handler: starts the run, and ends when both the run and its answer have ended.

import type { RuntimeError } from "edge-runtime-common";
import { InternalError, RuntimeError as AnyRuntimeError } from "edge-runtime-common";
import type { ExecutionResult, WorkerContext } from "edge-runtime-core";
import { createIncomingCall } from "edge-runtime-host";
import type { IncomingContents } from "edge-runtime-host";
import { toProblemAnswer, writeAnswer } from "./answer.ts";
import type { Exchange, Target } from "./exchange.ts";
import { readContents } from "./request-contents.ts";
import type { RequestHead } from "./request-head.ts";
import type { RequestOutcome } from "./request-log.ts";
import { StreamedResponse } from "./streamed-response.ts";

/** A request as far as it is there when the guest starts. */
export interface StreamedRequest {
  /** Path and query. */
  readonly uri: string;
  readonly head: RequestHead;
  readonly expectsContinue: boolean;
}

interface CallOptions {
  readonly target: Target;
  readonly context: WorkerContext;
  readonly request: StreamedRequest;
}

interface Answered {
  /** Undefined where the client was gone. */
  readonly status: number | undefined;
  readonly error: unknown;
}

interface Ended extends Pick<RequestOutcome, "metrics" | "stack"> {
  readonly error: RuntimeError | undefined;
}

export class StreamedCall {
  readonly exchange: Exchange;
  readonly #options: CallOptions;
  readonly #response: StreamedResponse;
  readonly #answered = Promise.withResolvers<Answered>();
  readonly #ended = Promise.withResolvers<void>();

  constructor(exchange: Exchange, options: CallOptions) {
    this.exchange = exchange;
    this.#options = options;
    this.#response = new StreamedResponse({
      exchange,
      fail: (error) => this.#answerProblem(error),
      onEnd: (status, error) => this.#end({ status, error }),
    });
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Resolves to what the log is to tell. Never rejects. */
  async run(): Promise<RequestOutcome> {
    const { head, expectsContinue } = this.#options.request;
    const contents = readContents(this.exchange, { hasBody: head.hasBody, expectsContinue });
    const ended = await this.#runGuest(contents);
    contents.abandon();
    this.#response.endRun(ended.error);
    const answered = await this.#answered.promise;
    this.#ended.resolve();
    return { ...ended, ...answered, error: ended.error ?? answered.error };
  }

  async #runGuest(contents: IncomingContents): Promise<Ended> {
    const { exchange } = this;
    const { target, context, request } = this.#options;
    const { head, uri } = request;
    try {
      const args = createIncomingCall(
        context,
        {
          method: exchange.request.method ?? "",
          scheme: "http",
          authority: head.headers.find(([name]) => name === "host")?.[1],
          pathWithQuery: uri,
          headers: head.headers.flat(),
          contents,
        },
        this.#response,
      );
      exchange.run = target.fn.runner.start(target.fn.entry, args, { context });
      return toEnded(await exchange.run.result);
    } catch (error) {
      return { error: error instanceof AnyRuntimeError ? error : new InternalError("a run failed to start", error) };
    }
  }

  #answerProblem(error: RuntimeError): void {
    const { exchange } = this;
    const isGone = exchange.state === "gone" || exchange.response.destroyed;
    if (isGone) return this.#end({ status: undefined, error });
    const answer = toProblemAnswer(error, exchange.requestId);
    writeAnswer(exchange, answer);
    this.#end({ status: answer.status, error });
  }

  /** From now on the client is no business of the run's. */
  #end(answered: Answered): void {
    const { exchange } = this;
    exchange.state = "answered";
    exchange.connection.exchanges.delete(exchange);
    this.#answered.resolve(answered);
  }
}

function toEnded(result: ExecutionResult): Ended {
  const { metrics } = result;
  return result.kind === "trap" ? { metrics, stack: result.stack, error: result.error } : { metrics, error: undefined };
}
