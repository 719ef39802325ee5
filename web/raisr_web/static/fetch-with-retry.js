/** A server that asks to come again later is asked so often, and waited for so long each time. */
const ATTEMPTS = 3;
const MAX_RETRY_SECONDS = 10;

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
    if (!later || attempt === ATTEMPTS) return response;
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}
