// What the rewriter, the reset and their tests agree on about dirty pages.
//
// A marked module sets one byte of an array, in V8's heap and out of the guest's reach, for each 4 KiB page of memory that
// it wrote to: after the store, so that what traps marks nothing. Marks are only ever too many. A mark also answers for
// `slackBytes` on both sides of its page, which a reset restores too: a store that reaches into the next page needs one
// mark, and stores near one another through one base address need one together.

export const pageShift = 12;
/** Bytes of a page that a mark stands for, not of WebAssembly's pages of 64 KiB. */
export const dirtyPageBytes = 1 << pageShift;
/** Marks for each of WebAssembly's pages. */
export const marksPerPage = 16;
export const slackBytes = 256;

/**
 * Memories from this size on, in pages of 64 KiB, are marked. Below, a copy of the whole costs less (a reset of 15 pages
 * takes 10 us) than the 3 % or so of run time that marking costs.
 */
export const markedFromPages = 16;

/** `(array (mut i8))`, the type of marks: the same in every module, so that modules can share them. */
export const marksType = [0x5e, 0x78, 1] as const;

/** Larger memories cannot be instantiated by V8 (16 GiB); marks for them would only cost. */
export const markedUpToPages = 1 << 18;
