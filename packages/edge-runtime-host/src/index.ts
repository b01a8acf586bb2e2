export { createArtifactCache } from "./artifact-cache.ts";
export type { ArtifactCacheOptions } from "./artifact-cache.ts";
export { createHostImports } from "./host-imports.ts";
export type { HostImportsOptions } from "./host-imports.ts";
export type {
  KeyPage,
  KeyValueBucket,
  KeyValueEntry,
  KeyValueStore,
  MaybePromise,
  SetOptions,
} from "./key-value/key-value-store.ts";
export { createMemoryKeyValueStore } from "./key-value/memory-store.ts";
export type { MemoryKeyValueOptions } from "./key-value/memory-store.ts";
export { isPrivateAddress } from "./network/address-rules.ts";
export { networkGrant, socketsGrant } from "./network/network-grant.ts";
export type { NetworkGrant } from "./network/network-grant.ts";
export type { Endpoint, Network, TcpBinding, TcpTarget } from "./network/network.ts";
export { visibleText } from "./logger/guest-text.ts";
export { createLogger, flushLogger } from "./logger/logger.ts";
export type { Logger, LoggerLevel, LoggerOptions, LogStream } from "./logger/logger.ts";
export { CompileThread } from "./platform/compile-thread.ts";
export type { CompilePorts, CompileThreadOptions } from "./platform/compile-thread.ts";
export { compileEagerly } from "./platform/eager-compilation.ts";
export { createNodePlatform } from "./platform/node-platform.ts";
export type { NodePlatformOptions } from "./platform/node-platform.ts";
export { defaultArtifactKeyFile } from "./platform/artifact-key.ts";
export { printComponentWit } from "./platform/wit-printer.ts";
export { CLOCK_RESOLUTION } from "./wasi/clocks/resolution.ts";
export { ENVIRONMENT } from "./wasi/cli/environment.ts";
export type { GuestEnvironment } from "./wasi/cli/environment.ts";
export { STDIO } from "./wasi/cli/stdio.ts";
export type { Stdio } from "./wasi/cli/stdio.ts";
export type { ByteSink, ByteSource, IoError } from "./wasi/io/byte-streams.ts";
export type { Readiness } from "./wasi/readiness.ts";
export type { WasiPlatform } from "./wasi/wasi-imports.ts";
export { checkDirectories } from "./wasi/filesystem/directory-check.ts";
export { DIRECTORIES } from "./wasi/filesystem/directories-grant.ts";
export type { GrantedDirectory } from "./wasi/filesystem/directories-grant.ts";
export { createReadableSource } from "./wasi/node/readable-source.ts";
export { createWritableSink } from "./wasi/node/writable-sink.ts";
export type { WritableSinkOptions } from "./wasi/node/writable-sink.ts";
export { createIncomingCall, INCOMING_HANDLER_ENTRY, incomingHandlerType } from "./wasi/http/incoming-handler.ts";
export type { ReceivedRequest } from "./wasi/http/incoming-handler.ts";
export { toEntries } from "./wasi/http/future-response.ts";
export type { FieldEntry } from "./wasi/http/fields.ts";
export type { ClientRequest, ClientResponse, ClientTimeouts, HttpClient } from "./wasi/http/http-client.ts";
export { HttpFailure, OUTGOING_HTTP } from "./wasi/http/http-client.ts";
export type { ErrorCode } from "./wasi/http/http-types.ts";
export type { IncomingContents } from "./wasi/http/incoming-body.ts";
export type { OutgoingParts, ResponseReceiver } from "./wasi/http/messages.ts";
export type { OutgoingContents } from "./wasi/http/outgoing-body.ts";
export { ReceivedBody } from "./wasi/http/received-body.ts";
export type { BodySender } from "./wasi/http/received-body.ts";
export { whenAnyReady } from "./wasi/readiness.ts";
export type { HttpGrant } from "./http-client/http-grant.ts";
export { createUndiciClient } from "./http-client/undici-client.ts";
export type { DisposableHttpClient, UndiciClientOptions } from "./http-client/undici-client.ts";
export { createNodeNetwork } from "./network/node-network.ts";
export { CONFIG_GRANT } from "./wasi/config/config-store.ts";
export { KEY_VALUE_GRANT } from "./wasi/keyvalue/bucket-access.ts";
export type { KeyValueGrant } from "./wasi/keyvalue/bucket-access.ts";
