// The README's own commands, by the words that it uses: what a newcomer types first must work.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { ROOT, startServing } from "./serving-process.ts";
import type { Serving } from "./serving-process.ts";

const README = readFileSync(`${ROOT}README.md`, "utf8");
/** Where the README's transcript was made. */
const SHOWN_ORIGIN = "http://127.0.0.1:8080";
const SHELL = process.platform === "win32" ? ["cmd", "/c"] : [];

let serving: Serving;

before(async () => {
  serving = await startServing([...SHELL, "npm", "start", "--", "--port", "0"], process.env);
});
after(() => serving.stop());

test("readme: npm start prints what the README shows", () => {
  const shown = /^```\n(edge-runtime serves .*?)^```$/ms.exec(README)?.[1] ?? "";
  assert.ok(serving.announced.includes(shown.replaceAll(SHOWN_ORIGIN, serving.origin)), serving.announced);
});

test("readme: each curl line that npm start prints is answered with 200", async () => {
  const urls = [...serving.announced.matchAll(/^ +curl (\S+)$/gm)].map(([, url = ""]) => url);
  assert.equal(urls.length, 6);
  for (const url of urls) {
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    assert.notEqual(await response.text(), "", url);
  }
});

/** Each `$ curl URL` of a transcript with the lines that follow it. */
function shownAnswers(): { readonly url: string; readonly answer: string }[] {
  const blocks = [...README.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  const parts = blocks.flatMap((block) => block.split(/^\$ /m)).filter((part) => part.startsWith("curl "));
  return parts.map((part) => {
    const [command = "", ...lines] = part.split("\n");
    return { url: command.slice("curl ".length).replaceAll("'", ""), answer: lines.join("\n") };
  });
}

/** As curl asks: three headers, of which one example tells the number. */
async function curl(url: string): Promise<string> {
  const sent = request(url, { agent: false, headers: { "user-agent": "curl/8.14.1", accept: "*/*" } });
  sent.removeHeader("connection");
  sent.end();
  const [response] = (await once(sent, "response")) as [NodeJS.ReadableStream];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  return text;
}

test("readme: the answers to its curl lines are those that it shows", async () => {
  const shown = shownAnswers();
  assert.equal(shown.length, 6);
  const answers = await Promise.all(shown.map(({ url }) => curl(url.replace(SHOWN_ORIGIN, serving.origin))));
  assert.deepEqual(
    answers,
    shown.map(({ answer }) => answer),
  );
});

test("readme: SIGTERM ends npm start with success, and the port is free again", async () => {
  const { code, stderr } = await serving.stop("SIGTERM");
  assert.equal(code, 0, stderr);
  const listener = createServer().listen(serving.port, "127.0.0.1");
  await once(listener, "listening");
  listener.close();
});
