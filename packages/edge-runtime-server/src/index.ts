export { createServer } from "./edge-server.ts";
export type { EdgeServer, ServerOptions } from "./edge-server.ts";
export type { FunctionRunner, ServedFunction } from "./function-runner.ts";
export { HttpServer } from "./http-server.ts";
export type { HttpServerOptions, ListenedAddress } from "./http-server.ts";
