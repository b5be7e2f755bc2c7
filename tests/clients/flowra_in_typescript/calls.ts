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

const accounts = '/api/v1/connected_accounts';

async function connections(): Promise<object> {
  const header = { 'x-username': 'john' };
  const toolkit = { slug: 'crm' };
  const [system, callbackUrl] = ['https://system.example.com/', 'https://shop.example.com/connected'];
  answered(await flowra.POST('/api/v1/external-users', { body: { name: 'john' } }));
  const used = answered(
    await flowra.POST('/api/v1/auth_configs', { body: { toolkit, authConfig: { authScheme: 'API_KEY' } } }),
  );
  const credentials = { clientId: 'shop', authorizationUrl: system, tokenUrl: system };
  const authConfig = { authScheme: 'OAUTH2', callbackUrls: [callbackUrl], credentials };
  const linked = answered(await flowra.POST('/api/v1/auth_configs', { body: { toolkit, authConfig } }));
  const created = answered(
    await flowra.POST(accounts, {
      params: { header },
      body: { authConfigId: used.id, credentials: { apiKey: 'a key' } },
    }),
  );
  const link = answered(
    await flowra.POST(`${accounts}/link`, { params: { header }, body: { authConfigId: linked.id, callbackUrl } }),
  );
  const path = { id: created.id };
  answered(await flowra.PATCH(`${accounts}/{id}`, { params: { path }, body: { label: 'work' } }));
  const read = answered(await flowra.GET(`${accounts}/{id}`, { params: { path } }));
  const listed = answered(await flowra.GET(accounts, { params: { header, query: { limit: 10 } } }));
  const groups = answered(await flowra.GET(`${accounts}/grouped-by-toolkit`, { params: { header } }));
  const token = answered(await flowra.POST(`${accounts}/{id}/token`, { params: { path } }));
  const profile = answered(await flowra.GET('/api/v1/users/profile', { params: { header } }));
  for (const id of [created.id, link.connectedAccountId]) {
    answered(await flowra.DELETE(`${accounts}/{id}`, { params: { path: { id } } }));
  }
  const configs = answered(await flowra.GET('/api/v1/auth_configs'));
  const config = { params: { path: { id: used.id } } };
  answered(await flowra.GET('/api/v1/auth_configs/{id}', config));
  answered(await flowra.DELETE('/api/v1/auth_configs/{id}', config));
  return {
    label: read.label,
    statuses: listed.items.map(({ status }) => status),
    grouped: groups.map(({ connectedAccounts }) => connectedAccounts.length),
    token: token.accessToken,
    username: profile.username,
    configs: configs.totalItems,
  };
}

const printed = { users: await users(), workflows: await workflows(), connections: await connections() };
console.log(JSON.stringify({ ...printed, called: [...called] }));
