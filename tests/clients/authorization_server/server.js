/**
 * An authorization server with a protected resource, as the system of connected accounts.
 *
 * REDIRECT_URIS are those of its client, separated by spaces; its access tokens last ACCESS_TOKEN_SECONDS, or an hour.
 * Prints its URL, then answers each line of its input: `tokens` prints the live tokens and how often some were asked
 * for, `forget` ends all grants, `break` answers requests for tokens with 503 until `mend`.
 */

const http = require("http");
const path = require("path");
const readline = require("readline");

/** All that the server stores, by kind and id. */
const stored = new Map();

/** How many requests for tokens were answered, by kind of grant. */
const counts = {};

let isBroken = false;

class Adapter {
  constructor(name) {
    this.name = name;
    if (!stored.has(name)) stored.set(name, new Map());
    this.entries = stored.get(name);
  }
  async upsert(id, payload) {
    this.entries.set(id, payload);
  }
  async find(id) {
    return this.entries.get(id);
  }
  async findByUid(uid) {
    return [...this.entries.values()].find((payload) => payload.uid === uid);
  }
  async findByUserCode() {
    return undefined;
  }
  async consume(id) {
    this.entries.get(id).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    this.entries.delete(id);
  }
  async revokeByGrantId(grantId) {
    for (const entries of stored.values()) {
      for (const [id, payload] of entries) {
        if (payload.grantId === grantId) entries.delete(id);
      }
    }
  }
}

function live(kind) {
  const entries = [...(stored.get(kind) ?? new Map())];
  return entries.filter(([, payload]) => !payload.consumed).map(([id]) => id);
}

async function main() {
  const { default: Provider } = await import(path.join(process.env.NODE_PATH, "oidc-provider/lib/index.js"));
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    adapter: Adapter,
    clients: [
      {
        client_id: "denizen",
        client_secret: "the secret of the client: a+b%",
        redirect_uris: process.env.REDIRECT_URIS.split(" "),
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      },
    ],
    scopes: ["read", "write"],
    pkce: { required: () => true },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: Number(process.env.ACCESS_TOKEN_SECONDS ?? 3600), AuthorizationCode: 60, Grant: 86400, Interaction: 600, RefreshToken: 86400, Session: 86400 },
    features: { revocation: { enabled: true }, devInteractions: { enabled: true } },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  });
  provider.on("grant.success", ({ oidc }) => {
    const kind = oidc.params.grant_type;
    counts[kind] = (counts[kind] ?? 0) + 1;
  });
  const callback = provider.callback();
  server.on("request", async (request, response) => {
    if (isBroken && request.url.startsWith("/token")) {
      response.writeHead(503).end("out of order");
      return;
    }
    if (request.url.startsWith("/resource")) {
      const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
      const found = await provider.AccessToken.find(token);
      response.writeHead(found ? 200 : 401, { "content-type": "application/json", "x-token": token });
      // It repeats what it got, as careless systems do.
      response.end(JSON.stringify({ account: found?.accountId ?? null, scope: found?.scope ?? null, token }));
      return;
    }
    callback(request, response);
  });
  console.log(url);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === "forget") stored.forEach((entries, kind) => kind !== "Session" && entries.clear());
    if (line === "break") isBroken = true;
    if (line === "mend") isBroken = false;
    console.log(JSON.stringify({ access: live("AccessToken"), refresh: live("RefreshToken"), counts }));
  }
}

main();
