// node restart.mjs HOST:PORT write|verify: what a server must still know after it was killed.
// `write` ends when everything is acknowledged; `verify` prints one JSON line per check, as run.mjs does.
import { client, ok, equal, assert, random, dense, exact, sameHits, DataType } from './kit.mjs';

const DIM = 8;
const ROWS = 1500;
const name = 'survivor';
const next = random(99);
// Sealed rows, growing rows, replaced rows and deleted rows: each in its range of keys.
const data = Array.from({ length: ROWS }, (_, id) => ({ id, v: dense(next, DIM), s: `row ${id}`, n: id % 3 ? id : null, kind: id % 4 }));
const living = data.filter(r => r.id % 100 !== 7).map(r => (r.id % 100 === 9 ? { ...r, s: `replaced ${r.id}` } : r));

async function write() {
  await ok(client.createDatabase({ db_name: 'kept' }));
  await ok(client.createCollection({
    collection_name: name,
    consistency_level: 'Strong',
    enable_dynamic_field: true,
    fields: [
      { name: 'id', data_type: DataType.Int64, is_primary_key: true },
      { name: 'v', data_type: DataType.FloatVector, dim: DIM },
      { name: 's', data_type: DataType.VarChar, max_length: 40 },
      { name: 'n', data_type: DataType.Int64, nullable: true },
    ],
  }));
  await ok(client.createIndex({ collection_name: name, field_name: 'v', index_name: 'graph', index_type: 'HNSW', metric_type: 'L2', params: { M: 16, efConstruction: 100 } }));
  await ok(client.createAlias({ collection_name: name, alias: 'also' }));
  await ok(client.createPartition({ collection_name: name, partition_name: 'p' }));
  await ok(client.loadCollection({ collection_name: name }));
  const put = (from, to) => ok(client.insert({ collection_name: name, data: data.slice(from, to) }));
  await put(0, 500);
  await ok(client.flushSync({ collection_names: [name] }));
  await put(500, 1000);
  await ok(client.deleteEntities({ collection_name: name, expr: 'id in [7, 107, 207, 307, 407, 507, 607, 707, 807, 907]' }));
  await ok(client.upsert({ collection_name: name, data: living.filter(r => r.id < 1000 && r.id % 100 === 9) }));
  await ok(client.flushSync({ collection_names: [name] }));
  await put(1000, 1500);
  await ok(client.deleteEntities({ collection_name: name, expr: 'id in [1007, 1107, 1207, 1307, 1407]' }));
  await ok(client.upsert({ collection_name: name, data: living.filter(r => r.id >= 1000 && r.id % 100 === 9) }));
  await ok(client.insert({ collection_name: name, partition_name: 'p', data: [{ id: 90001, v: Array(DIM).fill(50), s: 'in p', n: 1 }] }));
  await ok(client.createUser({ username: 'keeper', password: 'secret12' }));
}

const checks = {
  'the catalogue is there': async () => {
    assert((await ok(client.listDatabases())).db_names.includes('kept'), 'database');
    assert((await ok(client.listUsers())).usernames.includes('keeper'), 'user');
    const found = await ok(client.describeCollection({ collection_name: 'also' }));
    equal(found.collection_name, name, 'alias');
    equal((await ok(client.listIndexes({ collection_name: name }))).indexes, ['graph'], 'index');
    equal((await ok(client.getLoadState({ collection_name: name }))).state, 'LoadStateLoaded', 'load state');
  },
  'every acknowledged row is there with its last value': async () => {
    const found = (await ok(client.query({ collection_name: name, filter: 'id < 90000', output_fields: ['*'] }))).data.sort((a, b) => a.id - b.id);
    equal(found.length, living.length, 'rows');
    found.forEach((r, i) => equal(r, { id: String(living[i].id), v: living[i].v, s: living[i].s, n: living[i].n === null ? null : String(living[i].n), $meta: { kind: living[i].kind } }, `row ${living[i].id}`));
  },
  'partitions hold their rows': async () => {
    const found = (await ok(client.query({ collection_name: name, filter: 'id > 0', partition_names: ['p'], output_fields: ['s'] }))).data;
    equal(found.map(r => r.s), ['in p'], 'rows');
  },
  'search finds what a scan finds': async () => {
    for (let q = 0; q < 10; q++) {
      const query = dense(next, DIM);
      const hits = (await ok(client.search({ collection_name: name, data: query, limit: 10, filter: 'id < 90000', output_fields: ['id'], params: { ef: 500 } }))).results;
      sameHits(hits, exact('L2', living, query, 'v'), 10, `query ${q}`);
    }
  },
  'writing goes on': async () => {
    await ok(client.upsert({ collection_name: name, data: [{ ...data[5], s: 'after the restart' }] }));
    equal((await ok(client.query({ collection_name: name, filter: 'id == 5', output_fields: ['s'] }))).data.map(r => r.s), ['after the restart'], 'row 5');
    await ok(client.flushSync({ collection_names: [name] }));
    equal(Number((await ok(client.count({ collection_name: name }))).data), living.length + 1, 'rows');
    // Once more as it was, for the next restart.
    await ok(client.upsert({ collection_name: name, data: [data[5]] }));
  },
};

await client.connectPromise;
if (process.argv[3] === 'write') {
  await write();
} else {
  for (const [title, check] of Object.entries(checks)) {
    let error = null;
    try {
      await check();
    } catch (e) {
      error = String(e?.stack ?? e);
    }
    process.stdout.write(JSON.stringify({ name: title, ok: error === null, error }) + '\n');
  }
}
await client.closeConnection();
process.exit(0);
