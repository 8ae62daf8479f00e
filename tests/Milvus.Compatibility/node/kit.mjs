// What every check shares: the client, asserting calls, exact metrics to compare answers with, seeded random data.
import sdk from '@zilliz/milvus2-sdk-node';

export const { MilvusClient, DataType, ConsistencyLevelEnum, RRFRanker, WeightedRanker } = sdk;

/** Address of the server under test, `host:port`. */
export const address = process.argv[2] ?? '127.0.0.1:19530';
export const client = new MilvusClient({ address, timeout: 60000 });

let made = 0;
const run = Math.floor(Math.random() * 1e9).toString(36);

/** A name no other check uses. */
export const fresh = (prefix = 'c') => `${prefix}_${run}_${++made}`;

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function equal(actual, expected, what) {
  const a = canonical(actual);
  const e = canonical(expected);
  assert(a === e, `${what}: expected ${e}, got ${a}`);
}

export function near(actual, expected, what, tolerance = 1e-4) {
  const bound = tolerance * Math.max(1, Math.abs(expected));
  assert(Math.abs(actual - expected) <= bound, `${what}: expected ${expected}, got ${actual}`);
}

// Key order carries no meaning in JSON objects and sparse rows.
function canonical(value) {
  return JSON.stringify(value, (_, v) =>
    v && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v
  );
}

/** Awaits a call and fails unless its status, or the answer itself, says success. */
export async function ok(promise, what = 'call') {
  const answer = await promise;
  const status = answer.status ?? answer;
  assert(status.error_code === 'Success' && Number(status.code ?? 0) === 0, `${what}: ${status.error_code} ${status.code} ${status.reason}`);
  return answer;
}

/** Awaits a call that must fail with a Milvus code and, where given, a text in its reason. */
export async function refused(promise, code, text = '', what = 'call') {
  let status;
  try {
    const answer = await promise;
    status = answer.status ?? answer;
  } catch (e) {
    // The SDK throws the status of some failed calls, and of others only the reason.
    if (e?.error_code) status = e;
    else assert(text !== '' && String(e.message ?? e).includes(text), `${what}: expected "${text}", got exception ${e.message ?? e}`);
    if (!status) return;
  }
  assert(status.error_code !== 'Success', `${what}: expected a refusal, got success`);
  assert(Number(status.code) === code, `${what}: expected code ${code}, got ${status.code} ${status.reason}`);
  assert(status.reason.includes(text), `${what}: expected "${text}" in "${status.reason}"`);
}

/** Creates a collection of an int64 key and the given fields, with an index on each vector field, loaded. */
export async function collection(fields, { name = fresh(), indexes, load = true, key, ...rest } = {}) {
  const primary = key ?? { name: 'id', data_type: 'Int64', is_primary_key: true };
  await ok(client.createCollection({ collection_name: name, fields: [primary, ...fields], consistency_level: 'Strong', ...rest }), 'create');
  const wanted = indexes ?? fields.filter(f => /Vector$/.test(f.data_type)).map(f => ({ field_name: f.name, index_type: 'FLAT', metric_type: 'L2' }));
  for (const index of wanted) await ok(client.createIndex({ collection_name: name, ...index }), `index ${index.field_name}`);
  if (load) await ok(client.loadCollection({ collection_name: name }), 'load');
  return name;
}

export const insert = async (name, data, more = {}) => {
  const result = await ok(client.insert({ collection_name: name, data, ...more }), 'insert');
  equal(Number(result.insert_cnt), data.length, 'insert_cnt');
  return result;
};

export const rows = async (name, filter, more = {}) =>
  (await ok(client.query({ collection_name: name, filter, ...more }), `query ${filter}`)).data;

export const ids = async (name, filter, more = {}) =>
  (await rows(name, filter, { output_fields: ['id'], ...more })).map(r => Number(r.id)).sort((a, b) => a - b);

export const count = async (name, filter = '') => Number((await ok(client.count({ collection_name: name, expr: filter }), 'count')).data);

export const drop = name => ok(client.dropCollection({ collection_name: name }), 'drop');

/** Small fast generator (mulberry32): the same numbers on every run. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Multiples of 1/16 below 2: exact in float16 and bfloat16 too, so that every dense type compares exactly.
export const dense = (next, dim) => Array.from({ length: dim }, () => Math.floor(next() * 64 - 32) / 16);
export const bytes = (next, dim) => Array.from({ length: dim }, () => Math.floor(next() * 255) - 127);
export const bits = (next, dim) => Array.from({ length: dim / 8 }, () => Math.floor(next() * 256));
export const sparse = (next, size, nonzero) => {
  const row = {};
  while (Object.keys(row).length < nonzero) row[Math.floor(next() * size)] = Math.fround(0.1 + next());
  return row;
};

const dot = (a, b) => a.reduce((s, x, i) => s + x * b[i], 0);
const ones = x => x.toString(2).split('1').length - 1;
const common = (a, b) => a.reduce((s, x, i) => s + ones(x & b[i]), 0);
const either = (a, b) => a.reduce((s, x, i) => s + ones(x | b[i]), 0);

/** Exact metrics over vectors as the SDK takes them. */
export const metrics = {
  L2: (a, b) => a.reduce((s, x, i) => s + (x - b[i]) ** 2, 0),
  IP: (a, b) => (Array.isArray(a) ? dot(a, b) : Object.entries(a).reduce((s, [k, v]) => s + v * (b[k] ?? 0), 0)),
  COSINE: (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  HAMMING: (a, b) => a.reduce((s, x, i) => s + ones(x ^ b[i]), 0),
  JACCARD: (a, b) => 1 - (either(a, b) === 0 ? 1 : common(a, b) / either(a, b)),
};
export const smallerFirst = metric => ['L2', 'HAMMING', 'JACCARD'].includes(metric);

/** Scores of all rows for one query, best first. */
export function exact(metric, data, query, field, keep = () => true) {
  const sign = smallerFirst(metric) ? 1 : -1;
  return data
    .filter(keep)
    .map(r => ({ id: Number(r.id), score: metrics[metric](r[field], query) }))
    .sort((a, b) => sign * (a.score - b.score) || a.id - b.id);
}

/** Fails unless hits are the exact top rows; equal scores may come in any order. */
export function sameHits(hits, expected, k, what) {
  equal(hits.length, Math.min(k, expected.length), `${what}: hits`);
  const byId = new Map(expected.map(e => [e.id, e.score]));
  hits.forEach((hit, rank) => {
    near(hit.score, expected[rank].score, `${what}: score at rank ${rank}`);
    assert(byId.has(Number(hit.id)), `${what}: row ${hit.id} must not be found`);
    near(hit.score, byId.get(Number(hit.id)), `${what}: score of row ${hit.id}`);
  });
  equal(new Set(hits.map(h => h.id)).size, hits.length, `${what}: distinct rows`);
}

export async function until(condition, what, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    assert(Date.now() < end, `${what} did not happen in ${seconds} s`);
    await new Promise(r => setTimeout(r, 100));
  }
}
