/** Does something the first time that it is asked for; whoever asks later gets the same. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return async () => await (done ??= work());
}
