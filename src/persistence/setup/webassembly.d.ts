// Node has WebAssembly, but its types for version 20 leave it out, and the DOM's library would bring the browser along.
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { readonly __wbindgen_start: () => void } } }>;
}
