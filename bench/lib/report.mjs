// Results as Markdown. Every figure is the median of its rounds.
import { cpus, totalmem } from 'node:os';
import { BARE, OURS, USUAL } from './contenders.mjs';
import { OPERATIONS } from './operations.mjs';
import { median } from './summary.mjs';

const MIB = 2 ** 20;

/** A Markdown table; every column but the first is aligned right. */
export function table(head, rows) {
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '--:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A number with three significant digits or none after the point. */
export function figure(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value >= 100
    ? String(Math.round(value))
    : value
        .toPrecision(3)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');
}

/** Of the process and PostgreSQL together; undefined where PostgreSQL runs elsewhere. */
function totalCpu({ cpu, databaseCpu }) {
  return databaseCpu === undefined ? undefined : cpu + databaseCpu;
}

/** Medians of runs, figure by figure. */
export function medians(runs) {
  const all = runs.map((run) => ({ ...run, total: totalCpu(run) }));
  const of = (name) => median(all.map((run) => run[name]).filter((value) => value !== undefined));
  const names = ['rps', 'total', 'cpu', 'databaseCpu', 'p50', 'p99', 'memory'];
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}

/** When, on what machine, and how it was measured. */
export function circumstances({ database, options }, devices) {
  const [cpu] = cpus();
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), \
${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, PostgreSQL ${database.version}. ${devices}; \
${options.connections} connections; medians of ${options.rounds} rounds of ${options.seconds} s.`;
}

/** A sentence on runs that others disturbed. */
export function disturbance(runs) {
  const disturbed = runs.filter(({ isDisturbed }) => isDisturbed).length;
  if (disturbed === 0) return 'No other process used more than 0.4 cores in any run.';
  return `**In ${disturbed} of ${runs.length} runs other processes used more than 0.4 cores.**`;
}

/** The whole of RESULTS.md. */
export function resultsText({ bench, contenders, operations, facts, runs }) {
  const sections = operations.map((name) => operationSection(name, contenders, facts, runs));
  return [
    '# Results',
    'Written by `npm run bench`; [NOTES.md](NOTES.md) says how to read it.',
    `${circumstances(bench, `${bench.options.devices} devices`)} ${disturbance(runs)}`,
    '## Process and PostgreSQL together',
    'CPU seconds for 1,000 requests. The last column is our share of the best of those that speak GraphQL and leave a device whole.',
    headline(operations, contenders, facts, runs),
    ...sections,
    '## Memory, and updates at once',
    overview(contenders, facts, runs),
    '',
  ].join('\n\n');
}

/** What each operation costs with each contender. */
function headline(operations, contenders, facts, runs) {
  const rivals = contenders.filter(({ name, kind }) => kind === 'graphql' && facts[name].race === undefined);
  const rows = operations.map((operation) => {
    const measured = measuredIn(operation, contenders, runs);
    const total = (contender) => measured.find((row) => row.contender === contender)?.total;
    const best = rivals.map(({ name }) => total(name)).filter((value) => value !== undefined);
    const share = best.length === 0 ? undefined : total(OURS.name) / Math.min(...best);
    return [operation, ...contenders.map(({ name }) => figure(total(name))), figure(share)];
  });
  return table(['', ...contenders.map(({ name }) => name), 'ours ÷ best'], rows);
}

/** The medians of those contenders that were asked for an operation. */
function measuredIn(operation, contenders, runs) {
  return contenders
    .map((contender) => ({
      contender: contender.name,
      ...medians(runs.filter((run) => run.contender === contender.name && run.operation === operation)),
    }))
    .filter(({ rps }) => !Number.isNaN(rps));
}

function operationSection(name, contenders, facts, runs) {
  const measured = measuredIn(name, contenders, runs);
  const valueOf = (contender, key) => measured.find((row) => row.contender === contender)?.[key];
  const rows = measured.map((row) => [
    row.contender === OURS.name ? `**${row.contender}**` : row.contender,
    figure(row.total),
    figure(valueOf(USUAL, 'total') / row.total),
    figure(valueOf(BARE, 'total') / row.total),
    figure(row.cpu),
    figure(row.databaseCpu),
    figure(row.rps),
    figure(row.rps / valueOf(USUAL, 'rps')),
    figure(row.rps / valueOf(BARE, 'rps')),
    figure(row.p50),
    figure(row.p99),
    statementsText(facts[row.contender].statements[name]),
  ]);
  const head = [
    '',
    'CPU s / 1,000',
    '× usual',
    '× bare',
    'of it the process',
    'PostgreSQL',
    'rps',
    '× usual',
    '× bare',
    'p50 ms',
    'p99 ms',
    'statements',
  ];
  const failures = contenders.map((contender) => {
    const own = runs.filter((run) => run.contender === contender.name && run.operation === name);
    const failed = own.reduce((sum, run) => sum + run.failed, 0);
    return failed === 0 ? '' : `\n\n${contender.name}: ${failed} requests failed, and are not counted.`;
  });
  return `## ${OPERATIONS[name].title}\n\n${table(head, rows)}${failures.join('')}`;
}

function statementsText(counted) {
  if (counted === undefined) return '–';
  return counted.job > 0
    ? `${figure(counted.request)} + ${figure(counted.job)} for the job`
    : figure(counted.request);
}

function overview(contenders, facts, runs) {
  const rows = contenders.map(({ name }) => {
    const memory = median(runs.filter(({ contender }) => contender === name).map((run) => run.memory));
    return [name, figure(memory / MIB), facts[name].race ?? 'the settings of one update, whole'];
  });
  return table(['', 'resident MiB', '320 updates of one device at once leave'], rows);
}
