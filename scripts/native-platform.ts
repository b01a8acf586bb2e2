// The platform that the name of a native package says, as napi-rs, esbuild and others build them:
// `binding-linux-arm64-musl`, `lzma-win32-x64-msvc`, `binding-linux-arm-gnueabihf`, `binding-wasm32-wasi`.

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

export interface NativePlatform {
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

/** Members are left out where the name does not say. */
export function nativePlatform(packageName: string): NativePlatform {
  const words = packageName.split(/[-/]/);
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : "glibc";
  return {
    ...(os === undefined ? {} : { os: [os] }),
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(os === "linux" ? { libc: [libc] } : {}),
  };
}
