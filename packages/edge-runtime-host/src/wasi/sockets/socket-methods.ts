// What methods of TCP and UDP sockets have in common: the shapes of their types, and failures as results.

import { wit } from "edge-runtime-core";
import type { HostCall, HostFunction, HostResource, HostValType } from "edge-runtime-core";
import { NetworkFailure } from "../../network/network-failure.ts";
import { answer } from "./socket-results.ts";
import { addressFamilyType, networkResource, socketAddressType, socketResult } from "./socket-types.ts";
import type { AddressFamily, IpSocketAddress } from "./socket-types.ts";

interface OptionedSocket {
  readonly isClosed: boolean;
  readonly family: AddressFamily;
  readonly options: object;
}

interface SocketOption<Options, Name extends keyof Options> {
  readonly name: Name;
  readonly type: HostValType;
  /** Throws where the value is refused. */
  readonly clamp: (value: Options[Name]) => Options[Name];
}

/** The makers of the methods of one resource, `tcp-socket` or `udp-socket`. */
export class SocketMethods<Socket extends OptionedSocket> {
  readonly #witName: string;
  readonly #self: { readonly self: HostValType };
  /** Has the system take on the options of a socket. */
  readonly #apply: (socket: Socket) => void;

  constructor(witName: string, resource: HostResource, apply: (socket: Socket) => void) {
    this.#witName = witName;
    this.#self = { self: wit.borrow(resource) };
    this.#apply = apply;
  }

  /** A method that answers with a result and does not wait. */
  step(
    result: HostValType | undefined,
    run: (socket: Socket) => unknown,
    reads: HostFunction["reads"] = "environment",
  ): HostFunction {
    return {
      kind: "sync",
      reads,
      type: wit.func(this.#self, socketResult(result)),
      call: (_call: HostCall, socket: Socket) => answer(() => run(socket)),
    };
  }

  /** A method that takes a network and an address, under the name that the WIT text gives it. */
  addressStep(name: string, run: (socket: Socket, address: IpSocketAddress) => void): HostFunction {
    const network = { network: wit.borrow(networkResource) };
    return {
      kind: "sync",
      reads: "environment",
      type: wit.func({ ...this.#self, ...network, [name]: socketAddressType }, socketResult()),
      call: (_call: HostCall, socket: Socket, _network: unknown, address: IpSocketAddress) =>
        answer(() => run(socket, address)),
    };
  }

  setter(type: HostValType, set: (socket: Socket, value: never) => void): HostFunction {
    return {
      kind: "sync",
      reads: "nothing",
      type: wit.func({ ...this.#self, value: type }, socketResult()),
      call: (_call: HostCall, socket: Socket, value: never) => answer(() => set(socket, value)),
    };
  }

  get family(): HostFunction {
    return {
      kind: "sync",
      reads: "nothing",
      type: wit.func(this.#self, addressFamilyType),
      call: (_call: HostCall, socket: Socket) => socket.family,
    };
  }

  /** Getter and setter of an option. */
  option<Name extends keyof Socket["options"]>(
    witName: string,
    { name, type, clamp }: SocketOption<Socket["options"], Name>,
  ): Record<string, HostFunction> {
    const optionsOf = (socket: Socket): Socket["options"] => {
      if (socket.isClosed) throw new NetworkFailure("invalid-state");
      return socket.options;
    };
    return {
      [`[method]${this.#witName}.${witName}`]: this.step(type, (socket) => optionsOf(socket)[name], "nothing"),
      [`[method]${this.#witName}.set-${witName}`]: this.setter(type, (socket, value: Socket["options"][Name]) => {
        const clamped = clamp(value);
        optionsOf(socket)[name] = clamped;
        this.#apply(socket);
      }),
    };
  }
}
