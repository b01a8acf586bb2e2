// A thread that swaps a directory and a symbolic link to `outside` under the name `swap`, and a file and a link under
// `swap-file`, as fast as it can, until it is told to stop.

import { renameSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";

const { inside, stop } = workerData as { readonly inside: string; readonly stop: Int32Array };

function swap(name: string): void {
  const [here, real, link] = [name, `${name}-real`, `${name}-link`].map((part) => join(inside, part)) as [
    string,
    string,
    string,
  ];
  renameSync(here, real);
  renameSync(link, here);
  renameSync(here, link);
  renameSync(real, here);
}

let swaps = 0;
while (Atomics.load(stop, 0) === 0) {
  swap("swap");
  swap("swap-file");
  swaps += 1;
  if (swaps === 1) parentPort?.postMessage("started");
}
parentPort?.postMessage(swaps);
