// Calls each operation of Flowra's document, with the types that openapi-typescript makes of it. The server is at URL, and KEY
// is the secret of a key with all scopes. Prints the operations that were called and values of their answers as JSON.

import createClient from 'openapi-fetch';
import type { components, paths } from './types.js';

const { URL: baseUrl, KEY } = process.env;
const called = new Set<string>();

const flowra = createClient<paths>({ baseUrl, headers: { 'x-api-key': KEY } });
flowra.use({
  onRequest({ request, schemaPath }) {
    called.add(`${request.method} ${schemaPath}`);
  },
});

/** Returns what an operation answers, with its type. */
function answered<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  if (!response.ok) throw new Error(`${response.status} ${response.url}: ${JSON.stringify(error)}`);
  return data as T;
}

type User = components['schemas']['ExternalUser'];
type Workflow = components['schemas']['Workflow'];

async function users(): Promise<object> {
  const one = '/api/v1/external-users/{id}';
  const created = answered(await flowra.POST('/api/v1/external-users', { body: { name: 'jane' } }));
  const found = answered(await flowra.POST('/api/v1/external-users', { body: { name: 'jane' } }));
  const path = { id: created.id };
  const changed: User = answered(await flowra.PATCH(one, { params: { path }, body: { email: 'jane@example.com' } }));
  const read: User = answered(await flowra.GET(one, { params: { path } }));
  const named: User | null = answered(
    await flowra.GET('/api/v1/external-users/username/{username}', { params: { path: { username: 'jane' } } }),
  );
  const acting: User = answered(
    await flowra.GET('/api/v1/external-users/me', { params: { header: { 'x-username': 'jane' } } }),
  );
  const listed: User[] = answered(
    await flowra.GET('/api/v1/external-users', { params: { query: { limit: 10, sortBy: 'name' } } }),
  );
  const toggled: User = answered(
    await flowra.PUT('/api/v1/external-users/{id}/toggle-active', { params: { path } }),
  );
  answered(await flowra.DELETE(one, { params: { path } }));
  return {
    identifiers: [created, found, changed, read, named, acting, ...listed].map((user) => user?.identifier),
    email: read.email,
    blocked: [read.blocked, toggled.blocked],
  };
}

const manager = '/api/v1/workflow/manager';

/** Starts or stops a workflow, and returns it once that is done. */
async function becomes(workflow: Workflow, status: 'active' | 'inactive'): Promise<Workflow> {
  const path = { id: workflow.id };
  answered(
    await flowra.PUT(`${manager}/activeStatus/{id}`, { params: { path }, body: { isActive: status === 'active' } }),
  );
  while (workflow.status !== status) {
    workflow = answered(await flowra.GET(`${manager}/detail/{id}`, { params: { path } })).data;
  }
  return workflow;
}

async function workflows(): Promise<object> {
  const graph = { nodes: [{ id: 'a', componentId: 'data', function: 'map', fields: { given: '=trigger.input' } }] };
  const created: Workflow = answered(
    await flowra.POST(`${manager}/create`, { body: { name: 'Greet', graph, trigger: { type: 'manual' } } }),
  ).data;
  const path = { id: created.id };
  answered(await flowra.PUT(`${manager}/update/{id}`, { params: { path }, body: { description: 'Says hello' } }));
  const workflow = await becomes(created, 'active');
  const listed = answered(await flowra.GET(`${manager}/list`, { params: { query: { search: 'greet' } } }));
  const execution = answered(
    await flowra.POST(`${manager}/execute/{id}`, { params: { path, query: { wait: 20 } }, body: { input: { a: 1 } } }),
  ).data;
  const executions = answered(
    await flowra.GET(`${manager}/executions`, { params: { query: { workflowId: created.id } } }),
  );
  const ofWorkflow = answered(await flowra.GET(`${manager}/{id}/executions`, { params: { path } }));
  const read = answered(await flowra.GET(`${manager}/executions/{id}`, { params: { path: { id: execution.id } } }));
  const statistics = answered(await flowra.GET(`${manager}/{id}/statistics`, { params: { path } }));
  await becomes(workflow, 'inactive');
  answered(await flowra.DELETE(`${manager}/delete/{id}`, { params: { path } }));
  return {
    description: workflow.description,
    executions: [read.data.id, ...executions.data.map(({ id }) => id), ...ofWorkflow.data.map(({ id }) => id)].map(
      (id) => id === execution.id,
    ),
    listed: listed.data.map(({ name }) => name),
    success: statistics.success,
  };
}

console.log(JSON.stringify({ users: await users(), workflows: await workflows(), called: [...called] }));
