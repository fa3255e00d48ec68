// Makes dist/joined/: the programs of dist/ with their packages in a few files, for tests that start many processes. Node
// takes a second of CPU to find and read the gateway's 1,500 modules one by one, and a third of that for these.
//   node scripts/join-modules.mjs   run by `node scripts/prepare.mjs tests`
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

const commands = readdirSync(join(dist, 'commands')).filter((name) => name.endsWith('.js'));
const input = Object.fromEntries([
  ['main', join(dist, 'main.js')],
  ...commands.map((name) => [`commands/${name.slice(0, -3)}`, join(dist, 'commands', name)]),
]);

const joined = await rolldown({
  input,
  platform: 'node',
  // TypeGraphQL asks for it only where it validates.
  external: ['class-validator'],
  logLevel: 'warn',
  // What a module finds beside itself is still there.
  plugins: [
    {
      name: 'own-urls',
      transform: (code, id) =>
        code.includes('import.meta.url')
          ? code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
          : null,
    },
  ],
});
await joined.write({ dir: join(dist, 'joined'), format: 'esm', entryFileNames: '[name].js' });
await joined.close();
