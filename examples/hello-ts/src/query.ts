/** The first value of a query parameter, decoded; undefined where it is absent or not valid percent-encoding. */
export function queryParameter(uri: string, name: string): string | undefined {
  const query = uri.split("?", 2)[1] ?? "";
  const pair = query.split("&").find((part) => part.startsWith(`${name}=`));
  if (pair === undefined) {
    return undefined;
  }
  try {
    return decodeURIComponent(pair.slice(name.length + 1).replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
