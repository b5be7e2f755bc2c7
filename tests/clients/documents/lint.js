// Lints all documents in the folder DOCUMENTS with Spectral, and prints the problems as JSON.

'use strict';

const { spawnSync } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

const { DOCUMENTS, REPORTS, NODE_PATH } = process.env;

const spectral = path.join(NODE_PATH, '@stoplight/spectral-cli/dist/index.js');
const documents = readdirSync(DOCUMENTS).map((name) => path.join(DOCUMENTS, name));
const report = path.join(REPORTS, 'report.json');
const { status, stderr } = spawnSync(
  process.execPath,
  [spectral, 'lint', ...documents, '--ruleset', path.join(__dirname, 'ruleset.yaml'), '--format', 'json', '--output', report],
  { encoding: 'utf8' },
);
// Status 1 means that the report lists problems.
if (status !== 0 && status !== 1) {
  throw new Error(`spectral ends with ${status}\n${stderr}`);
}
console.log(JSON.stringify({ documents: documents.length, problems: JSON.parse(readFileSync(report, 'utf8')) }));
