const GREETINGS: ReadonlyMap<string, string> = new Map([
  ["de", "Hallo"],
  ["en", "Hello"],
  ["es", "Hola"],
  ["fr", "Bonjour"],
  ["ja", "こんにちは"],
]);

/** Greets in the first language of an `accept-language` header that is known here, else in English. */
export function greeting(name: string, acceptLanguage: string | undefined): string {
  const languages = (acceptLanguage ?? "").split(",").map((range) => range.trim().slice(0, 2).toLowerCase());
  const known = languages.find((language) => GREETINGS.has(language)) ?? "en";
  return `${GREETINGS.get(known)}, ${name}!`;
}
