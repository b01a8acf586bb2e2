// Bounds on what a component may cost before any of its code runs. Its structure is a program that the linker
// interprets: 4 KB of nested instantiations can ask for 2^60 instances, and types that use each other twice double in
// size at each step. Every figure is over a whole component, nested ones included.

/** Components inside components, and types inside types. */
export const MAX_NESTING_DEPTH = 100;

/** Definitions and type declarations in the binary. */
export const MAX_DEFINITIONS = 200_000;

/** Steps of linking: definitions evaluated, once per instance of their component, and nodes of types compared. */
export const MAX_LINK_STEPS = 2_000_000;

export const MAX_COMPONENT_INSTANCES = 256;

export const MAX_CORE_INSTANCES = 64;

/** Linear memories that the core instances define. */
export const MAX_MEMORIES = 16;

/** Tables that the core instances define. */
export const MAX_TABLES = 16;

/** Initial elements of all tables. */
export const MAX_TABLE_ELEMENTS = 1_000_000;

/** Nodes of one value type written out as a tree. */
export const MAX_TYPE_NODES = 100_000;

/** Nodes of all function types of a plan. */
export const MAX_PLAN_TYPE_NODES = 1_000_000;

/**
 * Handles in the table of one component instance. Their room is charged to the thread's heap; the limit bounds the time
 * that dropping what is left takes. Engines that drop a stream's pollables only when they collect garbage need one for
 * each 8 KiB that passes.
 */
export const MAX_HANDLES = 262_144;
