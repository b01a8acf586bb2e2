// What is wrong with a WAVE text and where: a SignatureMismatch, as for any other value that does not fit.

import { SignatureMismatch } from "edge-runtime-common";

/** A text and what it is, for messages: `argument` or the like. */
export interface WaveSource {
  readonly text: string;
  readonly subject: string;
}

/** The error at an offset in UTF-16 code units; the message counts lines and columns from 1. */
export function waveError({ text, subject }: WaveSource, offset: number, reason: string): SignatureMismatch {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  return new SignatureMismatch(subject, `${reason} at line ${line}, column ${column}`);
}
