// A resource that a component implements, in the hands of the host. Opaque: only the component that it came from can
// look inside, and only until that component is reset. Owned ones are passed back as arguments or disposed of;
// borrowed ones are valid during the call that the host received them in.

import type { ResourceId } from "../../canonical-abi/types.ts";
import { misfit } from "../../canonical-abi/invalid-value.ts";
import type { ComponentRuntime } from "./component-runtime.ts";

interface GuestResourceOptions {
  readonly runtime: ComponentRuntime;
  readonly resource: ResourceId;
  readonly rep: number;
  readonly isOwned: boolean;
}

interface RepresentationUse {
  readonly runtime: ComponentRuntime;
  readonly resource: ResourceId;
  /** Ownership goes to the component. */
  readonly take: boolean;
}

export class GuestResource {
  readonly #runtime: ComponentRuntime;
  readonly #resource: ResourceId;
  readonly #generation: number;
  readonly #isOwned: boolean;
  #rep: number | undefined;

  constructor({ runtime, resource, rep, isOwned }: GuestResourceOptions) {
    this.#runtime = runtime;
    this.#resource = resource;
    this.#generation = runtime.generation;
    this.#isOwned = isOwned;
    this.#rep = rep;
  }

  /** The representation behind a value from the host; fails where it is not a live resource of this type and component. */
  static representation(value: unknown, { runtime, resource, take }: RepresentationUse): number {
    if (!(value instanceof GuestResource)) return misfit("a resource of the component", value);
    const isOurs =
      value.#runtime === runtime && value.#resource === resource && value.#generation === runtime.generation;
    const rep = value.#rep;
    if (!isOurs || rep === undefined || (take && !value.#isOwned)) {
      return misfit("a resource of the component that is still valid", value);
    }
    if (take) value.#rep = undefined;
    return rep;
  }

  /**
   * Drops the resource: runs its destructor, if it has one, as a call into the component. Does nothing for borrowed
   * resources, for those that were given away, and after the component was reset.
   */
  async dispose(): Promise<void> {
    const rep = this.#rep;
    if (rep === undefined || !this.#isOwned || this.#generation !== this.#runtime.generation) return;
    this.#rep = undefined;
    await this.#runtime.destroy(this.#resource, rep);
  }
}
