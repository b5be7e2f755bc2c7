// Generates TypeScript types from DOCUMENT in the folder WORK, and compiles a program that uses them. Prints the compiler's
// errors and the number of lines of the types as JSON.

'use strict';

const { spawnSync } = require('node:child_process');
const { copyFileSync, readFileSync } = require('node:fs');
const path = require('node:path');

const { DOCUMENT, WORK, NODE_PATH } = process.env;

function run(program, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(NODE_PATH, program), ...args], {
    cwd: WORK,
    encoding: 'utf8',
  });
  return status === 0 ? '' : `${program} ends with ${status}\n${stdout}${stderr}`;
}

const types = path.join(WORK, 'types.d.ts');
copyFileSync(path.join(__dirname, 'uses.ts'), path.join(WORK, 'uses.ts'));
const failures = [
  run('openapi-typescript/bin/cli.js', DOCUMENT, '--output', types),
  run('typescript/bin/tsc', '--strict', '--noEmit', '--skipLibCheck', 'false', types, 'uses.ts'),
].filter((failure) => failure !== '');
console.log(JSON.stringify({ failures, lines: readFileSync(types, 'utf8').split('\n').length - 1 }));
