// Compiles receiver.ts in the folder WORK, where the packages become available, too. Prints the compiler's errors as JSON.

'use strict';

const { spawnSync } = require('node:child_process');
const { symlinkSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { WORK, NODE_PATH } = process.env;

symlinkSync(NODE_PATH, path.join(WORK, 'node_modules'));
writeFileSync(path.join(WORK, 'package.json'), JSON.stringify({ type: 'module' }));
// `erasableSyntaxOnly` is what later versions of Node.js need to run the program without a compiler.
const compiler = path.join(NODE_PATH, 'typescript/bin/tsc');
const options = ['--strict', '--skipLibCheck', '--erasableSyntaxOnly', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, ...options, 'receiver.ts'], {
  cwd: WORK,
  encoding: 'utf8',
});
console.log(JSON.stringify({ failures: status === 0 ? '' : `${stdout}${stderr}` }));
