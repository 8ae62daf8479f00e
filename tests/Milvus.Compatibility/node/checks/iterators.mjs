import { client, ok, equal, assert, collection, insert, drop, random, dense, exact } from '../kit.mjs';

const DIM = 8;
async function loaded(rows, key) {
  const name = await collection([{ name: 'x', data_type: 'FloatVector', dim: DIM }, { name: 'g', data_type: 'Int32' }], key ? { key } : {});
  const next = random(17);
  const data = Array.from({ length: rows }, (_, id) => ({ id: key ? `k${id}` : id, x: dense(next, DIM), g: id % 4 }));
  await insert(name, data.slice(0, rows / 2));
  await ok(client.flushSync({ collection_names: [name] }), 'flush');
  await insert(name, data.slice(rows / 2));
  return { name, data, next };
}

export const checks = {
  'a query iterator visits every row once': async () => {
    const { name } = await loaded(3000);
    const seen = [];
    const iterator = await client.queryIterator({ collection_name: name, batchSize: 700, filter: 'g < 3', output_fields: ['id', 'g'] });
    for await (const batch of iterator) {
      assert(batch.length <= 700 && batch.every(r => r.g < 3), 'a batch');
      seen.push(...batch.map(r => Number(r.id)));
    }
    equal(seen, Array.from({ length: 3000 }, (_, i) => i).filter(i => i % 4 < 3), 'rows in key order');
    await drop(name);
  },
  'a query iterator over varchar keys': async () => {
    const { name } = await loaded(500, { name: 'id', data_type: 'VarChar', max_length: 20, is_primary_key: true });
    const seen = [];
    for await (const batch of await client.queryIterator({ collection_name: name, batchSize: 90, output_fields: ['id'] })) seen.push(...batch.map(r => r.id));
    equal(seen, Array.from({ length: 500 }, (_, i) => `k${i}`).sort(), 'rows in key order');
    await drop(name);
  },
  'a query iterator with a limit': async () => {
    const { name } = await loaded(500);
    let rows = 0;
    for await (const batch of await client.queryIterator({ collection_name: name, batchSize: 60, limit: 150, filter: 'id >= 0', output_fields: ['id'] })) rows += batch.length;
    equal(rows, 150, 'rows');
    await drop(name);
  },
  'a search iterator walks away from the query': async () => {
    const { name, data, next } = await loaded(1000);
    const query = dense(next, DIM);
    const expected = exact('L2', data, query, 'x');
    const seen = [];
    for await (const batch of await client.searchIterator({ collection_name: name, data: query, batchSize: 130, output_fields: ['id'] })) {
      assert(batch.length <= 130, 'a batch');
      seen.push(...batch);
    }
    equal(seen.length, 1000, 'rows');
    equal(new Set(seen.map(h => h.id)).size, 1000, 'distinct rows');
    seen.forEach((h, i) => assert(Math.abs(h.score - expected[i].score) < 1e-3, `score at ${i}: ${h.score}, expected ${expected[i].score}`));
    await drop(name);
  },
  'a search iterator with a filter and a limit': async () => {
    const { name, data, next } = await loaded(1000);
    const query = dense(next, DIM);
    const expected = exact('L2', data, query, 'x', r => r.g === 2).slice(0, 100);
    const seen = [];
    for await (const batch of await client.searchIterator({ collection_name: name, data: query, batchSize: 30, limit: 100, filter: 'g == 2', output_fields: ['id', 'g'] })) seen.push(...batch);
    equal(seen.length, 100, 'rows');
    seen.forEach((h, i) => assert(h.g === 2 && Math.abs(h.score - expected[i].score) < 1e-3, `hit ${i}`));
    await drop(name);
  },
};
