// Administers an organization with Flowdock's own client library, and prints the responses as JSON.
//
// By default the library reads the server's address from FLOWDOCK_API_URL. This script passes the address explicitly.

'use strict';

const { Session } = require('flowdock');

const { FLOWDOCK_API_URL, USER, PASSWORD, NICK, ADDED, REMOVED, INVITED } = process.env;

const session = new Session(USER, PASSWORD, FLOWDOCK_API_URL);
const errorEvents = [];
session.on('error', (error) => errorEvents.push(error.message));

// Calls a method of the session, and returns the body and the whole response.
function answer(method, ...args) {
  return new Promise((resolve, reject) => {
    session[method](...args, (error, body, response) => (error ? reject(error) : resolve({ body, response })));
  });
}

async function bodyOf(method, ...args) {
  return (await answer(method, ...args)).body;
}

async function main() {
  const printed = {};

  const flows = await answer('flows');
  printed.flows = flows.body;
  printed.statusOfFlows = flows.response.statusCode;
  printed.flowdockUser = flows.response.headers['flowdock-user'];
  const flow = flows.body[0];
  const organization = flow.organization.parameterized_name;
  const path = `/flows/${organization}/${flow.parameterized_name}`;
  printed.found = await bodyOf('get', '/flows/find', { id: flow.id });
  printed.flowUsers = await bodyOf('get', `${path}/users`, {});

  printed.users = await bodyOf('get', '/users', {});
  printed.user = await bodyOf('get', `/users/${ADDED}`, {});
  const own = `/users/${printed.flowdockUser}`;
  printed.nickBefore = (await bodyOf('get', '/user', {})).nick;
  printed.changed = await bodyOf('put', own, { nick: NICK });
  printed.nickAfter = (await bodyOf('get', own, {})).nick;

  printed.added = await bodyOf('post', `${path}/users`, { id: Number(ADDED) });
  printed.afterAdding = await bodyOf('get', `${path}/users`, {});
  printed.blocked = await bodyOf('put', `${path}/users/${ADDED}`, { disabled: true });
  printed.afterBlocking = await bodyOf('get', `${path}/users`, {});
  printed.unblocked = await bodyOf('put', `${path}/users/${ADDED}`, { disabled: false });
  printed.afterUnblocking = await bodyOf('get', `${path}/users`, {});

  printed.invitation = await bodyOf('invite', flow.parameterized_name, organization, INVITED, 'Please join our flow!');
  const removal = await answer('delete', `/organizations/${organization}/users/${REMOVED}`);
  printed.statusOfRemoval = removal.response.statusCode;
  printed.removal = removal.body;
  printed.members = await bodyOf('get', `/organizations/${organization}/users`, {});

  printed.error = await bodyOf('get', `/flows/${organization}/nothing`, {}).catch((error) => error.message);
  printed.errorEvents = errorEvents;
  return printed;
}

main().then(
  (printed) => console.log(JSON.stringify(printed)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
