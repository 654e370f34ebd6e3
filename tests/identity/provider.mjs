// SPDX-License-Identifier: Apache-2.0
// A real OpenID Connect provider on 127.0.0.1 over TLS: client_credentials, JWT access tokens.
//
//   node provider.mjs PORT KEYS.json TLS.key TLS.crt
//
// KEYS.json holds its private keys; made when it is not there, so another file is a rotation.
// A resource says what the token is to be: urn:sluice:ALG:SECONDS:AUDIENCE. Prints "ready".
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:https';
import Provider from 'oidc-provider';

const [port, keysPath, tlsKey, tlsCert] = process.argv.slice(2);

function makeKey(kind, options) {
  const jwk = generateKeyPairSync(kind, options).privateKey.export({format: 'jwk'});
  return {...jwk, kid: randomBytes(8).toString('hex'), use: 'sig'};
}

if (!existsSync(keysPath)) {
  const keys = [
    makeKey('rsa', {modulusLength: 2048}),
    makeKey('ec', {namedCurve: 'P-256'}),
    makeKey('ed25519', {}),
  ];
  writeFileSync(keysPath, JSON.stringify({keys}));
}

function resourceServer(ctx, resource) {
  const [, , alg, seconds, audience] = resource.split(':');
  return {
    scope: 'db',
    audience,
    accessTokenTTL: Number(seconds),
    accessTokenFormat: 'jwt',
    jwt: {sign: {alg}},
  };
}

const provider = new Provider(`https://127.0.0.1:${port}`, {
  jwks: JSON.parse(readFileSync(keysPath, 'utf8')),
  cookies: {keys: [randomBytes(16).toString('hex')]},
  scopes: ['db'],
  clients: [{
    client_id: 'agent-7',
    client_secret: 'secret',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'db',
  }],
  extraTokenClaims: () => ({groups: ['agents', 'night shift']}),
  features: {
    devInteractions: {enabled: false},
    clientCredentials: {enabled: true},
    resourceIndicators: {enabled: true, getResourceServerInfo: resourceServer},
  },
});
provider.on('server_error', (ctx, error) => console.error(error));

createServer({key: readFileSync(tlsKey), cert: readFileSync(tlsCert)}, provider.callback())
  .listen(Number(port), '127.0.0.1', () => console.log('ready'));
