// Does a participant's work through the types that openapi-typescript made from the API's description.
// Compiled with tsc (strict) beside schema.mts; the job is the first argument, what was read back is printed.
import createClient from 'openapi-fetch';
import type {paths} from './schema.mjs';

declare const process: {argv: string[]; exitCode: number};

const {url, email, password, enrolment} = JSON.parse(process.argv[2]!) as
  {url: string; email: string; password: string; enrolment: number};

const client = createClient<paths>({baseUrl: url});
const wrong = await client.POST('/api/v1/sign-ins', {body: {email, password: 'autre chose'}});
const signed = await client.POST('/api/v1/sign-ins', {body: {email, password}});
const headers = {Authorization: `Bearer ${signed.data!.token}`};
const me = await client.GET('/api/v1/me', {headers});
const params = {path: {enrolment_id: enrolment}};
const written = await client.POST('/api/v1/enrolments/{enrolment_id}/completions',
  {headers, params, body: {activity_code: 'GEN-1.A', done: true}});
const completions = await client.GET('/api/v1/enrolments/{enrolment_id}/completions', {headers, params});

console.log(JSON.stringify({
  refused: wrong.error!.code,
  name: me.data!.name,
  written: written.response.status,
  done: completions.data!.filter(completion => completion.done).map(completion => completion.activity_code),
}));
