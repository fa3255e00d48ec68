/** The value of the Authorization header for whom a request is made in the name of: subjects take turns. */
export function authorization(tokens, as) {
  const group = tokens[as];
  group.next = ((group.next ?? 0) + 1) % group.length;
  return `Bearer ${group[group.next]}`;
}

/**
 * Sends a request of an operation.
 * @param dispatcher a pool of undici
 * @param base the path of the server's URL
 * @returns the text of the answer
 * @throws Error when it is not the answer that was asked for
 */
export async function send(dispatcher, base, { method, path, fullPath, body, as }, tokens) {
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (as !== undefined && tokens !== undefined) headers.authorization = authorization(tokens, as);
  const answer = await dispatcher.request({
    method,
    path: fullPath ?? base + path,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode === 200 && !text.includes('"errors":')) return text;
  throw new Error(`A request was answered with ${answer.statusCode}: ${text.slice(0, 500)}`);
}
