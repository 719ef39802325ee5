/** Fetching files; a busy server is asked again. */

import { DecodeError } from "./decode-error.js";

const FETCH_MILLISECONDS = 60_000;
const MAX_ATTEMPTS = 3;
/** A server that asks for a longer wait is not asked again. */
const MAX_RETRY_SECONDS = 10;
/** Characters of a server's reason that are passed on. */
const MAX_REASON = 200;

/**
 * As `fetch`; but where a busy server asks to come again soon, do so.
 *
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} the last answer
 */
export async function fetchWithRetry(url, options) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, options);
    const seconds = Number(response.headers.get("Retry-After"));
    const later = response.status === 503 && seconds > 0 && seconds <= MAX_RETRY_SECONDS;
    if (!later || attempt === MAX_ATTEMPTS) return response;
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}

/**
 * The content of a file.
 *
 * @param {string} what in words, for the error
 * @param {string} url
 * @param {RequestCache} cache
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {DecodeError} FetchError
 */
export async function fetchBytes(what, url, cache, signal) {
  const timeout = AbortSignal.timeout(FETCH_MILLISECONDS);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const response = await fetchWithRetry(url, { cache, signal: either });
    if (!response.ok) throw new Error(await refusal(response));
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new DecodeError("FetchError", `${what} cannot be fetched: ${message}`);
  }
}

/**
 * What a server answered that did not send the file, with its reason if it gives one as plain text.
 *
 * @param {Response} response
 */
async function refusal(response) {
  const answer = `the server answered ${response.status}`;
  if (!response.headers.get("Content-Type")?.startsWith("text/plain")) return answer;
  const reason = (await response.text()).trim().split("\n", 1)[0]?.trimEnd();
  return reason ? `${answer}: ${reason.slice(0, MAX_REASON)}` : answer;
}
