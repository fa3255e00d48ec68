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

/** Medians of runs, figure by figure. */
export function medians(runs) {
  const of = (name) => median(runs.map((run) => run[name]).filter((value) => value !== undefined));
  const names = ['rps', 'cpu', 'databaseCpu', 'p50', 'p99', 'memory'];
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
    ...sections,
    '## Memory, and updates at once',
    overview(contenders, facts, runs),
    '',
  ].join('\n\n');
}

function operationSection(name, contenders, facts, runs) {
  const measured = contenders
    .map((contender) => ({
      contender: contender.name,
      ...medians(runs.filter((run) => run.contender === contender.name && run.operation === name)),
    }))
    .filter(({ rps }) => !Number.isNaN(rps));
  const valueOf = (contender, key) => measured.find((row) => row.contender === contender)?.[key];
  const rows = measured.map((row) => [
    row.contender === OURS.name ? `**${row.contender}**` : row.contender,
    figure(row.rps),
    figure(row.rps / valueOf(USUAL, 'rps')),
    figure(row.rps / valueOf(BARE, 'rps')),
    figure(row.cpu),
    figure(valueOf(USUAL, 'cpu') / row.cpu),
    figure(valueOf(BARE, 'cpu') / row.cpu),
    figure(row.databaseCpu),
    figure(row.p50),
    figure(row.p99),
    statementsText(facts[row.contender].statements[name]),
  ]);
  const head = [
    '',
    'rps',
    '× usual',
    '× bare',
    'CPU s / 1,000',
    '× usual',
    '× bare',
    'PostgreSQL',
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
