// The clients of the mixed load, a process of their own: whatever the test does beside them delays none of their requests.
// It also holds a server that does nothing but answer, for what any answer takes on this machine at that moment. With a database it asks
// that first, as the gateway does: each process that an answer waits for makes it later when others use the machine.
import { Agent, createServer, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const CONTROL_PAUSE_MS = 20;

const agent = new Agent({ keepAlive: true });
let asked = 0;

if (process.argv[2] === 'control') {
  const [, , , connectionString = ''] = process.argv;
  const sql = connectionString === '' ? undefined : new pg.Client({ connectionString });
  await sql?.connect();
  const server = createServer((_, response) => {
    Promise.resolve(sql?.query('SELECT 1')).then(() => response.end('{}'));
  });
  server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}/`));
} else {
  process.on('message', (job) => run(job).then((result) => process.send(result)));
}
process.on('disconnect', () => process.exit());

/**
 * @param startedAt when the client wanted to ask, which a pace may have it do later
 * @returns status, text and milliseconds; a connection that breaks ends the process, and with it the test
 */
async function send(url, method, headers, body, startedAt = performance.now()) {
  return await new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode, text, ms: performance.now() - startedAt });
      });
    });
    // A server may close a kept connection at the moment at which it is used again; then the request is repeated, as clients do.
    asking.on('error', (error) => {
      if (error.code === 'ECONNRESET' && asking.reusedSocket)
        resolve(send(url, method, headers, body, startedAt));
      else reject(error);
    });
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.end(body);
  });
}

/** One window of load. */
async function run({ url, controlUrl, token, ids, questions, clients, perSecond, windowMs }) {
  const result = { times: [], controlTimes: [], outcomes: {}, pages: [] };
  const endsAt = performance.now() + windowMs;
  const isOver = () => performance.now() >= endsAt;
  const authorization = `Bearer ${token}`;

  async function ask(wantedAt) {
    asked += 1;
    const variables = { id: ids[asked % ids.length], ids: ids.slice(0, 20), name: `Load ${asked}` };
    const body = JSON.stringify({ query: questions[asked % questions.length], variables });
    const headers = { authorization, 'content-type': 'application/json' };
    const { text, ms } = await send(url, 'POST', headers, body, wantedAt);
    result.times.push(ms);
    const outcome = JSON.parse(text).errors?.[0].extensions.code ?? 'done';
    result.outcomes[outcome] = (result.outcomes[outcome] ?? 0) + 1;
    if (asked % 50 !== 0) return;
    const page = new URL(`/network/device/${ids[0]}`, url);
    result.pages.push((await send(page, 'GET', { authorization })).status);
  }
  async function client() {
    while (!isOver()) await ask();
  }
  /** Asks at a fixed rate, whether or not those before are answered: a server that is slow is asked no less. */
  async function paced() {
    const asking = [];
    for (let wantedAt = performance.now(); wantedAt < endsAt; wantedAt += 1_000 / perSecond) {
      await delay(Math.max(0, wantedAt - performance.now()));
      asking.push(ask(wantedAt));
    }
    await Promise.all(asking);
  }
  async function control() {
    while (!isOver()) {
      result.controlTimes.push((await send(controlUrl, 'GET', {})).ms);
      await delay(CONTROL_PAUSE_MS);
    }
  }
  const asking = perSecond === undefined ? Array.from({ length: clients }, client) : [paced()];
  await Promise.all([control(), ...asking]);
  return result;
}
