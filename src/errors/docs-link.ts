/**
 * Extensions of an error with the address where its code is described.
 * @param base address of the page whose anchors are the codes in lower case; undefined where there is none
 */
export function withDocsLink<Extensions extends Readonly<Record<string, unknown>>>(
  extensions: Extensions,
  base: string | undefined,
): Extensions & { readonly docs?: string } {
  if (base === undefined) return extensions;
  return { ...extensions, docs: `${base}#${String(extensions['code']).toLowerCase()}` };
}
