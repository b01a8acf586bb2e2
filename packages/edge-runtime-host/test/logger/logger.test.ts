import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createLogger, flushLogger, visibleText } from "../../src/index.ts";
import { LineWriter } from "../../src/logger/line-writer.ts";
import { temporaryFolder } from "../temporary-folder.ts";

function collect(): { readonly lines: string[]; readonly write: (line: string) => void } {
  const lines: string[] = [];
  return { lines, write: (line) => lines.push(line) };
}

describe("logger", () => {
  test("logger: writes one JSON object a line, without process id and host name", () => {
    const stream = collect();
    createLogger({ destination: stream }).child({ function: "f" }).info({ status: 200 }, "request");
    const [line = ""] = stream.lines;
    assert.match(line, /^\{.*\}\n$/);
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    assert.equal(typeof time, "number");
    assert.deepEqual(rest, { level: 30, function: "f", status: 200, msg: "request" });
  });

  test("logger: leaves out what is below its level", () => {
    const stream = collect();
    const logger = createLogger({ destination: stream, level: "warn" });
    logger.info("no");
    logger.warn("yes");
    assert.equal(stream.lines.length, 1);
    createLogger({ destination: stream, level: "silent" }).fatal("no");
    assert.equal(stream.lines.length, 1);
  });

  test("logger: what was logged is in the file after a flush", async (context) => {
    const file = join(temporaryFolder(context), "log");
    const logger = createLogger({ destination: file });
    for (let n = 0; n < 1000; n += 1) logger.info({ n }, "line");
    await flushLogger(logger);
    assert.equal(readFileSync(file, "utf8").split("\n").length, 1001);
  });

  test("logger: what was logged last is written when the process exits", () => {
    const index = new URL("../../src/index.ts", import.meta.url).href;
    const script = `
      const { createLogger } = await import(${JSON.stringify(index)});
      createLogger().info("last");
      process.exit(0);`;
    const stdout = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { timeout: 60_000 });
    assert.match(stdout.toString(), /"msg":"last"/);
  });

  const skip = existsSync("/dev/full") ? false : "this system has no /dev/full";
  test("logger: a destination that cannot be written does not end the process", { skip }, () => {
    const index = new URL("../../src/index.ts", import.meta.url).href;
    const script = `
      const { createLogger, flushLogger } = await import(${JSON.stringify(index)});
      const logger = createLogger({ destination: "/dev/full" });
      for (let n = 0; n < 2000; n += 1) logger.info({ n }, "line");
      await new Promise((resolve) => setTimeout(resolve, 300));
      console.log("alive");
      process.reallyExit(0);`;
    const stdout = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { timeout: 60_000 });
    assert.equal(stdout.toString(), "alive\n");
  });
});

describe("line writer", () => {
  test("line writer: keeps the order of lines over many blocks and flushes", async (context) => {
    const file = join(temporaryFolder(context), "log");
    const writer = new LineWriter(file);
    const flushes: Promise<void>[] = [];
    for (let n = 0; n < 5000; n += 1) {
      writer.write(`${n} ${"é".repeat(n % 50)}\n`);
      if (n % 1000 === 0) flushes.push(new Promise((resolve) => writer.flush(resolve)));
    }
    await Promise.all(flushes);
    await new Promise<void>((resolve) => writer.flush(resolve));
    const numbers = readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => Number.parseInt(line, 10));
    assert.deepEqual(
      numbers,
      Array.from({ length: 5000 }, (_, n) => n),
    );
  });

  test("line writer: lines beyond the bound are dropped, and told of when lines fit again", async (context) => {
    const file = join(temporaryFolder(context), "log");
    const writer = new LineWriter(file, { maxWaiting: 100 });
    for (let n = 0; n < 10; n += 1) writer.write(`${"x".repeat(29)}\n`);
    await new Promise<void>((resolve) => writer.flush(resolve));
    writer.write("after\n");
    await new Promise<void>((resolve) => writer.flush(resolve));
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    assert.equal(lines.length, 5);
    assert.match(lines[3] ?? "", /"lines":7,"msg":"log lines dropped"/);
    assert.equal(lines[4], "after");
  });

  test("line writer: a closed descriptor breaks nothing and a flush still calls back", async () => {
    const writer = new LineWriter(1_000_000);
    writer.write("lost\n");
    await new Promise<void>((resolve) => writer.flush(resolve));
    writer.write("lost too\n");
    await new Promise<void>((resolve) => writer.flush(resolve));
  });
});

describe("guest text", () => {
  test("guest text: no character of a guest reaches a terminal as a control", () => {
    const stream = collect();
    const hostile = `\u001b[31m\n{"level":60}\r\u009b2J\u007f\u2028\u202edriw\u0000\ud800`;
    createLogger({ destination: stream }).info({ guest: { message: visibleText(hostile) } }, "guest log");
    const [line = ""] = stream.lines;
    assert.equal(stream.lines.length, 1);
    assert.equal(line.indexOf("\n"), line.length - 1);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\ud800-\udfff]/);
    const { guest } = JSON.parse(line) as { guest: { message: string } };
    assert.equal(guest.message, `\u001b[31m\n{"level":60}\r\\u{9b}2J\\u{7f}\\u{2028}\\u{202e}driw\u0000\ud800`);
  });

  test("guest text: ordinary text stays as it is", () => {
    for (const text of ["", "plain", "héllo €😀", "a\tb"]) assert.equal(visibleText(text), text);
  });
});
