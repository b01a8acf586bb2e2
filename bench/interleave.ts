// Two or more things measured in turns in one run: the machine's noise hits all alike, and only ratios are reported.

export interface Subject {
  readonly name: string;
  /** Does the work `times` times. */
  readonly run: (times: number) => Promise<void> | void;
}

export interface Measured {
  readonly name: string;
  /** Median over the rounds, in microseconds for one time. */
  readonly medianUs: number;
}

export interface Plan {
  readonly rounds: number;
  /** About how long one subject runs in one round, in milliseconds. */
  readonly roundMs: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function geomean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

async function timeUs(subject: Subject, times: number): Promise<number> {
  const startedAt = performance.now();
  await subject.run(times);
  return ((performance.now() - startedAt) * 1000) / times;
}

/** How often a subject must run to fill a round; warms it up on the way. */
async function calibrate(subject: Subject, roundMs: number): Promise<number> {
  for (let times = 1; ; times *= 2) {
    const totalMs = ((await timeUs(subject, times)) * times) / 1000;
    if (totalMs >= roundMs / 2) return Math.max(1, Math.round((times * roundMs) / totalMs));
  }
}

export async function interleave(subjects: readonly Subject[], plan: Plan): Promise<Measured[]> {
  const times = new Map<Subject, number>();
  for (const subject of subjects) times.set(subject, await calibrate(subject, plan.roundMs));
  const samples = new Map<Subject, number[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const subject of subjects) samples.get(subject)?.push(await timeUs(subject, times.get(subject) ?? 1));
  }
  return subjects.map((subject) => ({ name: subject.name, medianUs: median(samples.get(subject) ?? []) }));
}
