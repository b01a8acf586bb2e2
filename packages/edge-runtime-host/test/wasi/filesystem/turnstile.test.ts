import assert from "node:assert/strict";
import { test } from "node:test";
import { FilesystemError } from "../../../src/wasi/filesystem/error-code.ts";
import { RunFiles } from "../../../src/wasi/filesystem/run-files.ts";
import type { SharedFiles } from "../../../src/wasi/filesystem/run-files.ts";
import { Turnstile } from "../../../src/wasi/filesystem/turnstile.ts";

/** A step that stays under way until it is told to end. */
class Step {
  readonly #done = Promise.withResolvers<void>();
  isUnderWay = false;

  readonly run = async (): Promise<void> => {
    this.isUnderWay = true;
    await this.#done.promise;
    this.isUnderWay = false;
  };

  end(): void {
    this.#done.resolve();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const underWay = (steps: readonly Step[]): boolean[] => steps.map(({ isUnderWay }) => isUnderWay);

function sharedFiles(calls: number, maxOpen: number): SharedFiles {
  return { turnstile: new Turnstile(calls), maxOpen, open: 0, living: new Set() };
}

test("turnstile: so many at a time, the others in the order in which they came, also where one fails", async () => {
  const turnstile = new Turnstile(2);
  const steps = Array.from({ length: 4 }, () => new Step());
  const passing = steps.map(({ run }) => turnstile.pass(run));
  await turn();
  assert.deepEqual(underWay(steps), [true, true, false, false]);
  steps[1]?.end();
  await turn();
  assert.deepEqual(underWay(steps), [true, false, true, false]);
  const failing = turnstile.pass(() => Promise.reject(new Error("failed")));
  const failed = assert.rejects(failing, /failed/);
  for (const step of steps) step.end();
  await Promise.all([...passing, failed]);
  const last = new Step();
  const lastPassing = turnstile.pass(last.run);
  await turn();
  assert.ok(last.isUnderWay);
  last.end();
  await lastPassing;
});

test("run files: a run makes one call at a time, however many it has, and others get their turn", async () => {
  const shared = sharedFiles(2, 10);
  const [greedy, modest, late] = [new RunFiles(shared), new RunFiles(shared), new RunFiles(shared)];
  const steps = Array.from({ length: 3 }, () => new Step());
  const own = steps.map(({ run }) => greedy.perform(run));
  const [other, third] = [new Step(), new Step()];
  const others = [modest.perform(other.run), late.perform(third.run)];
  await turn();
  assert.deepEqual(underWay([...steps, other, third]), [true, false, false, true, false]);
  steps[0]?.end();
  await turn();
  // The one that came first, before the next of the run that was served.
  assert.deepEqual(underWay([...steps, other, third]), [false, false, false, true, true]);
  for (const step of [...steps, other, third]) step.end();
  await Promise.all([...own, ...others]);
});

test("run files: what waits when the run ends is not begun", async () => {
  const files = new RunFiles(sharedFiles(2, 10));
  const [first, second] = [new Step(), new Step()];
  const begun = files.perform(first.run);
  const waiting = assert.rejects(files.perform(second.run), new FilesystemError("interrupted"));
  await turn();
  files.end();
  first.end();
  await Promise.all([begun, waiting]);
  assert.ok(!second.isUnderWay);
});

test("run files: all runs together have a bounded number of descriptors", async () => {
  const shared = sharedFiles(2, 1);
  const [first, second] = [new RunFiles(shared), new RunFiles(shared)];
  const give = first.takeDescriptor();
  assert.throws(() => second.takeDescriptor(), new FilesystemError("insufficient-memory"));
  give();
  second.takeDescriptor()();
  assert.equal(shared.open, 0);
});
