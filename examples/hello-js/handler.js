// An echo in JavaScript, world `http-handler`: answers with what it was asked, as JSON.
// Built by componentize-qjs; the engine in the component is QuickJS, which has the language and no web platform.
import logging from "edge:runtime/logging@0.1.0";

export function handle(request) {
  const [path, query] = splitUri(request.uri);
  logging.info(`${request.method} ${path}`);
  const answer = {
    message: "Hello from JavaScript",
    method: request.method,
    path,
    query,
    headers: request.headers.length,
    bodyBytes: request.body?.length ?? 0,
  };
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: encodeUtf8(`${JSON.stringify(answer)}\n`),
  };
}

function splitUri(uri) {
  const mark = uri.indexOf("?");
  return mark === -1 ? [uri, null] : [uri.slice(0, mark), uri.slice(mark + 1)];
}

function encodeUtf8(text) {
  // Percent-encoding is the one encoder to UTF-8 that the language itself has; JSON text has no lone surrogates.
  return Uint8Array.from(unescape(encodeURIComponent(text)), (byte) => byte.charCodeAt(0));
}
