// Verifies credentials with Digital Bazaar's libraries, their status lists included; nothing is fetched.
// In: {contexts: folder, local: {address: file}, web: {address: document}, credentials: [...]}; out: [{accepted, why}].
import fs from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as didKey from '@digitalbazaar/did-method-key';

const {contexts, local, web, credentials} = JSON.parse(fs.readFileSync(0));
const driver = didKey.driver();
driver.use({multibaseMultikeyHeader: 'z6Mk', fromMultibase: Ed25519Multikey.from});

const didDocumentUrl = did => `https://${did.slice(8).split(':').map(decodeURIComponent).join('/')}/did.json`;

async function resolve(url) {
  if (url in local) return JSON.parse(fs.readFileSync(`${contexts}/${local[url]}`));
  if (url in web) return web[url];
  if (url.startsWith('did:key:')) return driver.get({url});
  if (url.startsWith('did:web:')) {
    const [did, name] = url.split('#');
    const document = web[didDocumentUrl(did)];
    if (!name) return document;
    const method = document?.verificationMethod.find(m => m.id === url);
    return method && {'@context': 'https://w3id.org/security/multikey/v1', ...method};
  }
}

async function documentLoader(url) {
  const document = await resolve(url);
  if (!document) throw new Error(`no document at ${url}`);
  return {contextUrl: null, documentUrl: url, document: structuredClone(document)};
}

const suite = new DataIntegrityProof({cryptosuite});
const status = options => checkStatus({...options, suite, documentLoader});
const verdicts = [];
for (const credential of credentials) {
  const result = await vc.verifyCredential({credential, suite, documentLoader, checkStatus: status});
  const error = result.error ?? result.statusResult?.error;
  const messages = [error?.message, ...(error?.errors ?? []).map(e => e.message)];
  // The library reports a bit that is set without refusing the credential: its meaning is the caller's.
  const revoked = (result.statusResult?.results ?? []).some(entry => entry.status);
  const proven = result.verified && Boolean(result.statusResult?.verified);
  verdicts.push({accepted: proven && !revoked, why: revoked ? 'revoked' : messages.filter(Boolean).join(': ')});
}
console.log(JSON.stringify(verdicts));
