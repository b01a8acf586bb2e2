// A greeting in TypeScript, world `http-handler`: `GET /hello-ts?name=Ada`. Bundled to one JavaScript file by
// esbuild, then made a component by componentize-qjs; types of the world are in ./world.d.ts.

import { info, warn } from "edge:runtime/logging@0.1.0";
import type { HttpRequest, HttpResponse } from "edge:runtime/http-types@0.1.0";
import { greeting } from "./greeting.ts";
import { queryParameter } from "./query.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Answers one request; a thrown string would be the `err` of the world's result. */
export function handle(request: HttpRequest): HttpResponse {
  if (request.method !== "get" && request.method !== "head") {
    warn(`${request.method} refused`);
    return json(405, { error: "use GET" }, [["allow", "GET, HEAD"]]);
  }
  const name = queryParameter(request.uri, "name") ?? "World";
  if (name.length > 100) {
    return json(400, { error: "a name has 100 characters at most" });
  }
  info(`greeting ${name}`);
  const accepted = request.headers.find(([header]) => header === "accept-language")?.[1];
  return json(200, { message: greeting(name, accepted), name });
}

function json(status: number, value: unknown, headers: readonly [string, string][] = []): HttpResponse {
  return {
    status,
    headers: [["content-type", "application/json"], ...headers],
    body: encodeUtf8(`${JSON.stringify(value)}\n`),
  };
}
