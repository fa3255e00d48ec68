// Checks the types of the tests with real clients, and of the examples in their guides. Only these: packages of clients add to
// the types of graphql-js, which the gateway's own files are not written for.
import { fileURLToPath } from 'node:url';
import { join, sep } from 'node:path';
import ts from 'typescript';

const root = fileURLToPath(new URL('../test/clients/', import.meta.url));
const file = join(root, 'tsconfig.json');
const { config } = ts.readConfigFile(file, ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(fileNames, options);
const faults = program
  .getSourceFiles()
  .filter(({ fileName }) => fileName.startsWith(root) && !fileName.includes(`${sep}node_modules${sep}`))
  .flatMap((source) => [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ]);
process.stderr.write(
  ts.formatDiagnosticsWithColorAndContext(faults, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: ts.sys.getCurrentDirectory,
    getNewLine: () => '\n',
  }),
);
process.exitCode = faults.length > 0 ? 1 : 0;
