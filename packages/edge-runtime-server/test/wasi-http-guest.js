// What the guest does is said by the last part of the path; see the tests beside it.

import * as http from "wasi:http/types@0.2.10";
import * as outgoing from "wasi:http/outgoing-handler@0.2.10";
import * as clock from "wasi:clocks/monotonic-clock@0.2.10";

const { Fields, OutgoingResponse, OutgoingBody, ResponseOutparam } = http;

const bytes = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const text = (list) => Array.from(list, (byte) => String.fromCharCode(byte)).join("");
const drop = (resource) => resource[Symbol.dispose]();
const fields = (entries) => Fields.fromList(entries.map(([name, value]) => [name, bytes(value)]));

function sleep(ms) {
  const pollable = clock.subscribeDuration(BigInt(ms) * 1000000n);
  pollable.block();
  drop(pollable);
}

function begin(out, { status = 200, headers = [] } = {}) {
  const response = new OutgoingResponse(fields(headers));
  response.setStatusCode(status);
  const body = response.body();
  ResponseOutparam.set(out, { tag: "ok", val: response });
  return body;
}

function write(body, ...texts) {
  const stream = body.write();
  for (const part of texts) {
    const all = bytes(part);
    for (let at = 0; at < all.length; at += 4096) stream.blockingWriteAndFlush(all.subarray(at, at + 4096));
  }
  drop(stream);
}

function answer(out, content, options) {
  const body = begin(out, options);
  write(body, content);
  OutgoingBody.finish(body, undefined);
}

const attempt = (step) => {
  try {
    return JSON.stringify(step() ?? "ok");
  } catch (error) {
    return JSON.stringify(error?.payload ?? error?.message ?? String(error), (_key, value) =>
      typeof value === "bigint" ? Number(value) : value,
    );
  }
};

function copy(input, output) {
  for (;;) {
    try {
      output.blockingSplice(input, 65536n);
    } catch (error) {
      if ((error.payload ?? error).tag !== "closed") throw error;
      return;
    }
  }
}

function readAll(body) {
  const stream = body.stream();
  let all = "";
  try {
    for (;;) all += text(stream.blockingRead(65536n));
  } catch (error) {
    if ((error.payload ?? error).tag !== "closed") throw error;
  }
  drop(stream);
  return all;
}

const methodOf = (method) => (method.tag === "other" ? method.val : method.tag);

const acts = {
  line(request, out) {
    const headers = request.headers();
    const entries = headers.entries().map(([name, value]) => [name, text(value)]);
    drop(headers);
    const line = [methodOf(request.method()), request.scheme()?.tag, request.authority(), request.pathWithQuery()];
    answer(out, JSON.stringify({ line, entries }));
  },
  echo(request, out) {
    const headers = request.headers();
    const type = headers.get("content-type").map(text)[0] ?? "none";
    drop(headers);
    const incoming = request.consume();
    const body = begin(out, { headers: [["x-type", type]] });
    const input = incoming.stream();
    const output = body.write();
    copy(input, output);
    drop(input);
    drop(output);
    const future = http.IncomingBody.finish(incoming);
    const pollable = future.subscribe();
    pollable.block();
    drop(pollable);
    const result = future.get();
    const trailers = result.val.tag === "ok" ? result.val.val : undefined;
    OutgoingBody.finish(body, trailers?.clone());
    if (trailers !== undefined) drop(trailers);
    drop(future);
  },
  fields(_request, out) {
    const mutable = new Fields();
    const results = [
      attempt(() => mutable.append("X-A", bytes("1"))),
      attempt(() => mutable.append("x-a", bytes("2"))),
      attempt(() => mutable.set("X-B", [bytes("3"), bytes("4")])),
      attempt(() => mutable.append("bad name", bytes("1"))),
      attempt(() => mutable.append("x-c", bytes("a\nb"))),
      attempt(() => mutable.append("connection", bytes("close"))),
      attempt(() => mutable.set("Transfer-Encoding", [bytes("chunked")])),
      attempt(() => mutable.delete("x-b")),
      attempt(() => Fields.fromList([["host", bytes("a")]])),
      attempt(() => Fields.fromList([["", bytes("a")]])),
      JSON.stringify(mutable.entries().map(([name, value]) => [name, text(value)])),
      JSON.stringify([mutable.has("X-a"), mutable.has("y"), mutable.get("x-A").map(text), mutable.get("bad name")]),
    ];
    const response = new OutgoingResponse(mutable);
    const shown = response.headers();
    results.push(
      attempt(() => shown.append("x-d", bytes("5"))),
      attempt(() => shown.delete("x-a")),
    );
    const clone = shown.clone();
    results.push(attempt(() => clone.append("x-d", bytes("5"))));
    drop(clone);
    drop(shown);
    drop(response);
    answer(out, results.join("\n"));
  },
  status(request, out) {
    const [, status, content] = /status=(\d+)(?:&content=(\w+))?/.exec(request.pathWithQuery());
    answer(out, content ?? "", { status: Number(status) });
  },
  head(_request, out) {
    const body = begin(out, { headers: [["content-length", "1000"]] });
    const result = attempt(() => OutgoingBody.finish(body, undefined));
    if (result !== '"ok"') throw new Error(result);
  },
  length(request, out) {
    const [, announced, content] = /length=(\d+)&content=(\w+)/.exec(request.pathWithQuery());
    const body = begin(out, { headers: [["content-length", announced]] });
    write(body, content);
    OutgoingBody.finish(body, undefined);
  },
  trailers(_request, out) {
    const body = begin(out, { headers: [["x-a", "b"]] });
    write(body, "content");
    OutgoingBody.finish(
      body,
      fields([
        ["x-sum", "42"],
        ["content-type", "no"],
      ]),
    );
  },
  hints(_request, out) {
    const sent = [103, 100, 101, 200].map((status) =>
      attempt(() => out.sendInformational(status, fields([["link", "</a>"]]))),
    );
    answer(out, sent.join(" "));
  },
  ticks(_request, out) {
    const body = begin(out);
    const stream = body.write();
    for (let tick = 0; tick < 3; tick += 1) {
      stream.blockingWriteAndFlush(bytes(`tick ${tick};`));
      sleep(20);
    }
    drop(stream);
    OutgoingBody.finish(body, undefined);
  },
  flood(_request, out) {
    const body = begin(out);
    const stream = body.write();
    const chunk = new Uint8Array(4096);
    for (;;) stream.blockingWriteAndFlush(chunk);
  },
  wait(_request, out) {
    const body = begin(out);
    write(body, "begun;");
    sleep(600000);
  },
  cut(_request, out) {
    const body = begin(out);
    write(body, "begun;");
    sleep(20);
    drop(body);
    sleep(5);
  },
  "cut-early"(_request, out) {
    drop(begin(out));
  },
  "trap-before"() {
    throw new Error("before");
  },
  "trap-after"(_request, out) {
    const body = begin(out);
    write(body, "begun;");
    sleep(20);
    throw new Error("after");
  },
  "trap-complete"(_request, out) {
    answer(out, "complete");
    throw new Error("complete");
  },
  nothing() {},
  refuse(_request, out) {
    ResponseOutparam.set(out, { tag: "err", val: { tag: "connection-timeout" } });
  },
  after(_request, out) {
    answer(out, "answered");
    sleep(50);
  },
  alive(_request, out) {
    const body = begin(out);
    const stream = body.write();
    OutgoingBody.finish(body, undefined);
    drop(stream);
  },
  many(_request, out) {
    const kept = [];
    for (let index = 0; index < 2000; index += 1) kept.push(new OutgoingResponse(new Fields()).body());
    answer(out, String(kept.length));
  },
  big(_request, out) {
    const value = new Uint8Array(60000).fill(65);
    const kept = [];
    for (let index = 0; index < 100; index += 1) kept.push(Fields.fromList([["x-a", value]]));
    answer(out, String(kept.length));
  },
  fetch(request, out) {
    const url = decodeURIComponent(request.pathWithQuery().split("url=")[1]);
    const [, scheme, authority, path] = /^(\w+):\/\/([^/]*)(.*)$/.exec(url);
    const headers = request.headers();
    const method = headers.get("x-method").map(text)[0] ?? "GET";
    const timeout = headers.get("x-timeout").map(text)[0];
    drop(headers);
    const sent = new http.OutgoingRequest(fields([["x-guest", "1"]]));
    sent.setMethod(method === "GET" ? { tag: "get" } : { tag: "post" });
    sent.setScheme({ tag: scheme.toUpperCase() });
    sent.setAuthority(authority);
    sent.setPathWithQuery(path);
    const options = new http.RequestOptions();
    if (timeout !== undefined) options.setFirstByteTimeout(BigInt(timeout) * 1000000n);
    const body = sent.body();
    const future = attemptValue(() => outgoing.handle(sent, options));
    if (future.error !== undefined) return answer(out, `refused ${future.error}`);
    if (method === "POST") {
      const incoming = request.consume();
      const input = incoming.stream();
      const output = body.write();
      copy(input, output);
      drop(input);
      drop(output);
      drop(incoming);
    }
    OutgoingBody.finish(body, undefined);
    const pollable = future.value.subscribe();
    pollable.block();
    drop(pollable);
    const result = future.value.get().val;
    if (result.tag === "err") return answer(out, `failed ${JSON.stringify(result.val)}`);
    const response = result.val;
    const status = response.status();
    const incoming = response.consume();
    const content = attemptValue(() => readAll(incoming));
    answer(out, `${status} ${content.error ?? content.value}`);
  },
};

function attemptValue(step) {
  try {
    return { value: step() };
  } catch (error) {
    return { error: JSON.stringify(error?.payload ?? error?.message) };
  }
}

export const incomingHandler = {
  handle(request, out) {
    const path = request.pathWithQuery();
    const act = acts[/\/([a-z-]+)(?:\?|$)/.exec(path)?.[1]];
    act(request, out);
  },
};
