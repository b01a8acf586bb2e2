// World `http-handler` of wit/ in TypeScript, as componentize-qjs maps it: names in camelCase, `option` as null, and
// the `result` of a function returned or thrown. Ambient: keep it free of top-level imports and exports.

declare module "edge:runtime/logging@0.1.0" {
  export type LogLevel = "debug" | "info" | "warn" | "error";
  export function log(level: LogLevel, message: string): void;
  export function debug(message: string): void;
  export function info(message: string): void;
  export function warn(message: string): void;
  export function error(message: string): void;
}

declare module "edge:runtime/http-types@0.1.0" {
  import type { Method } from "edge:runtime/http-outbound@0.1.0";

  export interface HttpRequest {
    readonly method: Method;
    /** Path and query, beginning with `/` and not decoded. */
    readonly uri: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array | null;
  }

  export interface HttpResponse {
    /** 200 to 599. */
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array | null;
  }
}

declare module "edge:runtime/http-outbound@0.1.0" {
  export type Method = "get" | "head" | "post" | "put" | "delete" | "patch" | "options";

  export type HttpError =
    | "permission-denied"
    | "timeout"
    | "dns-error"
    | "connection-failed"
    | "tls-error"
    | "body-too-large"
    | "rate-limited"
    | "other";

  export interface Request {
    readonly method: Method;
    readonly uri: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array | null;
    readonly timeoutMs: number | null;
  }

  export interface Response {
    readonly status: number;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: Uint8Array;
  }

  /** Throws an `HttpError`. */
  export function fetch(req: Request): Response;
  /** Throws an `HttpError`. */
  export function get(uri: string): Uint8Array;
}
