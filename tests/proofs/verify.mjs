import fs from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as didKey from '@digitalbazaar/did-method-key';
const [,, contexts, ...files] = process.argv;
const local = {
 'https://www.w3.org/ns/credentials/v2':'credentials-v2.json',
 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json':'ob-v3p0-context-3.0.3.json',
 'https://purl.imsglobal.org/spec/ob/v3p0/extensions.json':'ob-v3p0-extensions.json',
 'https://w3id.org/security/multikey/v1':'security-multikey-v1.json',
 'https://w3id.org/security/data-integrity/v2':'security-data-integrity-v2.json',
};
const driver = didKey.driver(); driver.use({multibaseMultikeyHeader:'z6Mk', fromMultibase: Ed25519Multikey.from});
const documentLoader = async url => {
  if (url in local) return {contextUrl:null, documentUrl:url, document: JSON.parse(fs.readFileSync(`${contexts}/${local[url]}`))};
  if (url.startsWith('did:key:')) return {contextUrl:null, documentUrl:url, document: await driver.get({url})};
  throw new Error('not local: '+url);
};
const suite = new DataIntegrityProof({cryptosuite});
for (const f of files) {
  const credential = JSON.parse(fs.readFileSync(f));
  const run = c => vc.verifyCredential({credential:c, suite, documentLoader, checkStatus: async()=>({verified:true})});
  const r = await run(credential);
  const t = await run({...credential, name:'autre'});
  console.log(f, r.verified, r.verified?'':JSON.stringify(r.error,null,1).slice(0,800), 'tampered', t.verified);
}
