import type { paths } from "@/lib/protocol/schema";

type Names<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;

/**
 * Fills in the path of a call. Only paths that the server's OpenAPI document has compile.
 *
 * @param path - The template, such as `/api/{user_id}/tasks`.
 * @param values - What to put in; anything is encoded.
 */
export function route<Path extends keyof paths>(
  path: Path,
  values: Readonly<Record<Names<Path>, string>>,
): string {
  const byName: Readonly<Record<string, string>> = values;
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(byName[name] ?? ""));
}
