// Uses the generated types of responses, requests and errors. Compiles only if the types match the server.

import type { components, operations } from './types';

type Listed = operations['externalUsers.list']['responses'][200]['content']['application/json'];
type Sent = NonNullable<operations['users.put']['requestBody']>['content']['application/json'];
type Refused = operations['users.put']['responses'][401]['content']['application/json'];

export function names(users: Listed): (string | null)[] {
  return users.map((user) => user.name);
}

export const sent: Sent = { email: 'jane.doe@example.com', custom_fields: { plan: 'premium' } };

export function code(refused: Refused): components['schemas']['ErrorEnvelope']['error']['code'] {
  return refused.error.code;
}

// @ts-expect-error: an email address is a string.
export const broken: Sent = { email: 7 };
