// From a path to what serves it: the longest route that is a prefix by whole segments. A look-up takes one table access
// per segment of the path, up to the depth of the deepest route, however many routes there are.

export interface Route<T> {
  /** `/` or `/a/b`, without a slash at the end. */
  readonly route: string;
  readonly target: T;
}

export class Router<T> {
  readonly #targets: ReadonlyMap<string, T>;
  readonly #depth: number;

  constructor(routes: readonly Route<T>[]) {
    this.#targets = new Map(routes.map(({ route, target }) => [route === "/" ? "" : route, target]));
    this.#depth = Math.max(0, ...routes.map(({ route }) => route.split("/").length - 1));
  }

  /** `path` begins with `/` and has no query. It is compared as it is: not decoded, case counts, dots mean nothing. */
  find(path: string): T | undefined {
    let found = this.#targets.get("");
    let end = 0;
    for (let depth = 0; depth < this.#depth && end < path.length; depth += 1) {
      const slash = path.indexOf("/", end + 1);
      end = slash === -1 ? path.length : slash;
      found = this.#targets.get(path.slice(0, end)) ?? found;
    }
    return found;
  }
}
