// Generates TypeScript types from DOCUMENT in the folder WORK, compiles calls.ts with them, and runs it: it prints JSON.

'use strict';

const { spawnSync } = require('node:child_process');
const { copyFileSync, symlinkSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { DOCUMENT, WORK, NODE_PATH } = process.env;

function run(program, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: WORK, encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${program} ends with ${status}\n${stdout}${stderr}`);
  }
  return stdout;
}

symlinkSync(NODE_PATH, path.join(WORK, 'node_modules'));
writeFileSync(path.join(WORK, 'package.json'), JSON.stringify({ type: 'module' }));
copyFileSync(path.join(__dirname, 'calls.ts'), path.join(WORK, 'calls.ts'));
run(path.join(NODE_PATH, 'openapi-typescript/bin/cli.js'), DOCUMENT, '--output', path.join(WORK, 'types.d.ts'));
const options = ['--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
run(path.join(NODE_PATH, 'typescript/bin/tsc'), ...options, 'calls.ts');
process.stdout.write(run(path.join(WORK, 'calls.js')));
