/** Names that 0.1.0 had, which go with the release after the next, and what to read instead. */
const DEPRECATED = new Map([
  ['errors_total', 'device_gateway_errors_total'],
  ['nodejs_active_resources_total', 'sum(nodejs_active_resources)'],
  ['nodejs_active_handles_total', 'sum(nodejs_active_handles)'],
  ['nodejs_active_requests_total', 'sum(nodejs_active_requests)'],
]);

const ERRORS = 'device_gateway_errors_total';

/** The metrics as text, with those that were renamed under both names; the help of an old one says so. */
export function withDeprecatedNames(text: string): string {
  const families = text.split(/\n(?=# HELP )/);
  const errors = families.find((family) => family.startsWith(`# HELP ${ERRORS} `));
  const old = errors?.replaceAll(
    new RegExp(String.raw`^(# HELP |# TYPE )?${ERRORS}\b`, 'gm'),
    '$1errors_total',
  );
  return [...families, ...(old === undefined ? [] : [`${old.trimEnd()}\n`])].map(marked).join('\n');
}

function marked(family: string): string {
  const name = /^# HELP (\S+)/.exec(family)?.[1] ?? '';
  const instead = DEPRECATED.get(name);
  return instead === undefined
    ? family
    : family.replace(/^(# HELP \S+) .*/, `$1 Deprecated: read ${instead}.`);
}
