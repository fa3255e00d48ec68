/** Whether a host is this machine and nothing else; of a URL, whose IPv6 addresses stand in brackets, or bare. */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|\[::1\]|127(\.\d{1,3}){3})$/.test(host);
}
