// What the gateway needs around it in production: an issuer of tokens, keys for WiFi passwords, and an endpoint that brings
// settings to devices. This one says yes at once.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { RESELLERS } from './operations.mjs';

const SUBJECTS = 1_000;
const ISSUER = 'https://issuer.example';
const AUDIENCE = 'device-gateway';

/** @returns the gateway's environment but for the database, tokens by whose they are, and `stop` */
export async function startPlatform() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
  const keySet = JSON.stringify({ keys: [jwk] });
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') response.writeHead(204).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(keySet);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    env: {
      NODE_ENV: 'production',
      PORT: '0',
      RATE_LIMIT: '0',
      AUTH_JWKS_URL: `${origin}/jwks`,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
      WIFI_SECRET_KEYS: `bench:${randomBytes(32).toString('base64')}`,
      PROVISIONING_URL: `${origin}/devices`,
      PROVISIONING_SECRET: randomBytes(32).toString('base64'),
    },
    tokens: await signTokens(privateKey),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function signTokens(key) {
  const sign = async (subject, claims) =>
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'bench' })
      .setSubject(subject)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime('24h')
      .sign(key);
  const employees = async (customer) =>
    await Promise.all(
      Array.from(
        { length: SUBJECTS / RESELLERS.length },
        async (_, index) =>
          await sign(`employee-${customer}-${index}`, { customer, accessLevel: 'RESELLER' }),
      ),
    );
  return {
    ...Object.fromEntries(
      await Promise.all(RESELLERS.map(async (id, place) => [place, await employees(id)])),
    ),
    reporter: [await sign('reporter', { scope: 'status:report' })],
    admin: [await sign('admin', { customer: RESELLERS[0], accessLevel: 'ADMIN' })],
  };
}
