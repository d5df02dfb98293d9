// Requests to the server: JSON both ways, with the CSRF token, never longer than they may take.

export class Unreachable extends Error {} // no answer: server gone, network down, or too slow
export class Refused extends Error {} //    an answer with a 4xx or 5xx status; the message is for the learner

export type Both = { zh: string; en: string };

export function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export const language: "zh" | "en" = document.documentElement.lang.startsWith("en") ? "en" : "zh";

export type Reply<T> = { status: number; body: T };

// `accept` lists statuses that are answers and not refusals, beside 2xx.
export async function ask<T>(
  method: "GET" | "POST" | "PUT",
  url: string,
  body?: unknown,
  { seconds = 60, accept = [] as number[], keepalive = false } = {},
): Promise<Reply<T>> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["x-csrf-token"] = meta("csrf");
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive,
      signal: AbortSignal.timeout(seconds * 1000),
    });
    text = await response.text();
  } catch (error) {
    throw new Unreachable(String(error));
  }
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not JSON: a refusal below if the status says so.
  }
  if (!response.ok && !accept.includes(response.status)) {
    const said = (parsed as { error?: Both } | null)?.error?.[language];
    throw new Refused(said ?? `HTTP ${response.status}`);
  }
  return { status: response.status, body: parsed as T };
}
