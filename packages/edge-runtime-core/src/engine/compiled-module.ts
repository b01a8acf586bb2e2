// A module or component, validated, rewritten and compiled: immutable, shared by any number of runners. The same bytes
// are rewritten once per installation where the engine's cache is on; `fromPrecompiled` takes an artifact instead.

import { ArtifactRefused, CompilationFailed } from "edge-runtime-common";
import { validateWasmHeader } from "../binary/header.ts";
import { textCodec } from "../binary/text-codec.ts";
import type { FuncType } from "../canonical-abi/types.ts";
import { createComponentTemplate, exportedFunctions, exportHasType, findExport } from "../component/index.ts";
import { costTable } from "../instrument/cost-table.ts";
import type { Metering } from "../instrument/plan.ts";
import type { ArtifactContent } from "./artifact.ts";
import { decodeArtifact, encodeArtifact, isArtifact, rewriterVersion } from "./artifact.ts";
import { adaptAndRewrite, compileCores, rewriteProgram } from "./compile.ts";
import type { RewrittenProgram } from "./compile.ts";
import { createComponentProgram } from "./component-program.ts";
import type { CompiledCore } from "./core-instance.ts";
import { createCoreProgram } from "./core-program.ts";
import type { WasmEngine } from "./engine.ts";
import type { HostImports } from "./host-functions.ts";
import type { HostFuncType } from "./host-types.ts";
import type { ModuleDescription } from "./module-description.ts";
import { describeModule } from "./module-description.ts";
import { covers, wantedMetering } from "./metering.ts";
import type { Program } from "./program.ts";
import type { Proposals } from "./proposals.ts";
import { checkProposals, proposalNames } from "./proposals.ts";

export interface CompileOptions {
  /** Count fuel; default true. Off: only the deadline is checked, or nothing with epoch interruption off too. */
  readonly fuelMetering?: boolean;
  /** Proposals that the module may use; default: those of the engine, none unless told. */
  readonly proposals?: Proposals;
}

export type EntryType =
  | { readonly kind: "core"; readonly params: readonly string[]; readonly results: readonly string[] }
  | { readonly kind: "component"; readonly type: FuncType };

interface CompileSource {
  readonly bytes: Uint8Array;
  readonly metering: Metering;
  readonly proposals: Proposals;
  readonly contentHash: string;
  readonly key: string;
}

export class CompiledModule {
  readonly #engine: WasmEngine;
  readonly #content: ArtifactContent;
  readonly #cores: readonly CompiledCore[];

  private constructor(engine: WasmEngine, content: ArtifactContent, cores: readonly CompiledCore[]) {
    this.#engine = engine;
    this.#content = content;
    this.#cores = cores;
  }

  /** Compiles a core module. @throws CompilationFailed; for a component it names `fromComponentBytes`. */
  static async fromBytes(engine: WasmEngine, bytes: Uint8Array, options?: CompileOptions): Promise<CompiledModule> {
    if (validateWasmHeader(bytes) === "component") {
      throw new CompilationFailed(
        "the bytes are a component, not a core module: use CompiledModule.fromComponentBytes",
      );
    }
    return CompiledModule.#compile(engine, bytes, options);
  }

  /** Compiles a component. @throws CompilationFailed; for a core module it names `fromBytes`. */
  static async fromComponentBytes(
    engine: WasmEngine,
    bytes: Uint8Array,
    options?: CompileOptions,
  ): Promise<CompiledModule> {
    if (validateWasmHeader(bytes) === "core") {
      throw new CompilationFailed("the bytes are a core module, not a component: use CompiledModule.fromBytes");
    }
    return CompiledModule.#compile(engine, bytes, options);
  }

  /** Compiles the text format of either kind. @throws CompilationFailed with line and column. */
  static async fromWat(engine: WasmEngine, text: string, options?: CompileOptions): Promise<CompiledModule> {
    let bytes: Uint8Array;
    try {
      bytes = await engine.platform.parseWat(text);
    } catch (error) {
      if (error instanceof CompilationFailed) throw error;
      throw new CompilationFailed(error instanceof Error ? error.message : String(error), error);
    }
    return CompiledModule.#compile(engine, bytes, options);
  }

  /**
   * Takes what `toArtifact` gave. A module compiled with fuel metering also serves runs without it; the reverse is
   * refused.
   *
   * @throws ArtifactRefused where it was changed, is not ours, or lacks the checks that the options ask for;
   * CompilationFailed where it uses a proposal that is not allowed.
   */
  static async fromPrecompiled(
    engine: WasmEngine,
    artifact: Uint8Array,
    options?: CompileOptions,
  ): Promise<CompiledModule> {
    const content = decodeArtifact(artifact, engine.platform);
    const wanted = wantedMetering(engine, options?.fuelMetering);
    if (!covers(content.metering, wanted)) {
      throw new ArtifactRefused(
        `it was compiled with metering "${content.metering}", "${wanted}" is needed: compile it again`,
      );
    }
    checkProposals(content.cores, options?.proposals ?? engine.proposals);
    return new CompiledModule(engine, content, await compileCores(content.cores));
  }

  /** Compiles whatever the bytes are: artifact, component, core module or (UTF-8) text. */
  static async fromAny(engine: WasmEngine, bytes: Uint8Array, options?: CompileOptions): Promise<CompiledModule> {
    if (isArtifact(bytes)) return CompiledModule.fromPrecompiled(engine, bytes, options);
    const text = textOf(bytes);
    if (text !== undefined) return CompiledModule.fromWat(engine, text, options);
    validateWasmHeader(bytes);
    return CompiledModule.#compile(engine, bytes, options);
  }

  static #compile(engine: WasmEngine, bytes: Uint8Array, options?: CompileOptions): Promise<CompiledModule> {
    const metering = wantedMetering(engine, options?.fuelMetering);
    const proposals = options?.proposals ?? engine.proposals;
    const contentHash = engine.platform.sha256(bytes);
    const kept = engine.isPoolingEnabled() ? "pooled" : "single";
    const adapted = engine.platform.adaptPreview1 === undefined ? "" : "-p1";
    const key = `${contentHash}-${metering}-${kept}-r${rewriterVersion}-c${costTable.version}${adapted}`;
    const compile = (): Promise<CompiledModule> =>
      CompiledModule.#compileOnce(engine, { bytes, metering, proposals, contentHash, key });
    const allowed = proposalNames.filter((name) => proposals[name] === true).join("-");
    return engine.modules?.get(`${key} ${allowed}`, compile) ?? compile();
  }

  static async #compileOnce(engine: WasmEngine, source: CompileSource): Promise<CompiledModule> {
    const { bytes, metering, contentHash, key } = source;
    const cached = await CompiledModule.#fromCache(engine, source);
    if (cached !== undefined) {
      checkProposals(cached.cores, source.proposals);
      return cached;
    }
    const refusal =
      validateWasmHeader(bytes) === "component" ? await engine.platform.validateComponent?.(bytes) : undefined;
    if (refusal !== undefined) throw new CompilationFailed(refusal);
    const program = await CompiledModule.#rewrite(engine, source);
    checkProposals(program.cores, source.proposals);
    const content: ArtifactContent = {
      ...program,
      metering,
      contentHash,
      compiledAtMs: engine.platform.wallClock(),
      originalBytes: bytes.length,
    };
    const module = new CompiledModule(engine, content, await compileCores(content.cores));
    await engine.cache?.write(key, module.toArtifact());
    return module;
  }

  static async #rewrite(engine: WasmEngine, { bytes, metering }: CompileSource): Promise<RewrittenProgram> {
    const { rewrite, adaptPreview1 } = engine.platform;
    const marksPages = engine.isPoolingEnabled();
    if (rewrite !== undefined) return rewrite(bytes, metering, marksPages, adaptPreview1 !== undefined);
    if (adaptPreview1 !== undefined) return adaptAndRewrite(bytes, metering, marksPages, adaptPreview1);
    return rewriteProgram(bytes, metering, marksPages);
  }

  /** A cache entry that is corrupt, foreign or not what its key says is removed and made anew. */
  static async #fromCache(engine: WasmEngine, source: CompileSource): Promise<CompiledModule | undefined> {
    const { key, contentHash, metering } = source;
    const bytes = await engine.cache?.read(key);
    if (bytes === undefined) return undefined;
    try {
      const content = decodeArtifact(bytes, engine.platform);
      if (content.contentHash === contentHash && content.metering === metering) {
        return new CompiledModule(engine, content, await compileCores(content.cores));
      }
    } catch {
      // Refused or unreadable: as good as absent.
    }
    await engine.cache?.remove(key);
    return undefined;
  }

  get kind(): "core" | "component" {
    return this.#content.kind;
  }

  /** SHA-256 of the original bytes, 64 hexadecimal digits. */
  get contentHash(): string {
    return this.#content.contentHash;
  }

  /** When it was rewritten, which for an artifact or cache entry is not now. */
  get compiledAt(): Date {
    return new Date(this.#content.compiledAtMs);
  }

  get metering(): Metering {
    return this.#content.metering;
  }

  /** The rewritten core modules, in the order of the original. */
  get cores(): readonly CompiledCore[] {
    return this.#cores;
  }

  /** Bytes that `fromPrecompiled` of any engine with the same key takes. */
  toArtifact(): Uint8Array {
    return encodeArtifact(this.#content, this.#engine.platform);
  }

  /** Type of an exported function; undefined where there is none of that name. */
  entryType(name: string): EntryType | undefined {
    const { component } = this.#content;
    if (component !== undefined) {
      const type = findExport(component, name);
      return type === undefined ? undefined : { kind: "component", type };
    }
    const entry = this.#cores[0]?.plan.exports.find((item) => item.name === name && item.kind === "function");
    return entry?.signature === undefined ? undefined : { kind: "core", ...entry.signature };
  }

  /**
   * Whether a component exports a function of that name and type, resources being those of `imports`: to be asked before
   * the host calls a function with resources of its own.
   */
  hasEntry(name: string, type: HostFuncType, imports: HostImports): boolean {
    const { component } = this.#content;
    const found = component === undefined ? undefined : findExport(component, name);
    return component !== undefined && found !== undefined && exportHasType(component, found, type, imports);
  }

  /** Names that `entryType` knows. */
  entryNames(): string[] {
    const { component } = this.#content;
    if (component !== undefined) return exportedFunctions(component);
    const exports = this.#cores[0]?.plan.exports ?? [];
    return exports.filter((entry) => entry.kind === "function").map((entry) => entry.name);
  }

  /**
   * What the module is, needs and offers, as plain data. `imports`, what a host would offer it, tells which functions
   * its initialisation could learn from; without it all of them.
   */
  describe(imports: HostImports = new Map()): ModuleDescription {
    return describeModule(this.#content, imports);
  }

  /**
   * Resolves the imports against what the host offers.
   *
   * @throws ImportNotFound
   */
  link(imports: HostImports): Program {
    const { component } = this.#content;
    if (component !== undefined) {
      return createComponentProgram(createComponentTemplate(component, imports), this.#cores);
    }
    const [core] = this.#cores;
    if (core === undefined) throw new CompilationFailed("the module holds no code");
    return createCoreProgram(core, imports);
  }
}

const openingParenthesis = 0x28;
const semicolon = 0x3b;
const whiteSpace = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** The text where the first visible character is that of the text format: `(` or `;`. */
function textOf(bytes: Uint8Array): string | undefined {
  const first = bytes.find((byte) => !whiteSpace.has(byte));
  if (first !== openingParenthesis && first !== semicolon) return undefined;
  return textCodec.decode(bytes);
}
