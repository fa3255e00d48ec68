/** The code of a failed call of the operating system, of Node or of a driver (`ENOENT` …); undefined for any other value. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
