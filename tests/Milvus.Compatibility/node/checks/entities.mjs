import { client, ok, refused, assert, equal, collection, insert, drop, rows, ids, count, ConsistencyLevelEnum } from '../kit.mjs';

const fields = [
  { name: 'v', data_type: 'FloatVector', dim: 2 },
  { name: 'n', data_type: 'Int32' },
  { name: 's', data_type: 'VarChar', max_length: 50 },
];
const row = (id, n = id, s = `s${id}`) => ({ id, v: [id, 0], n, s });
const many = (from, to) => Array.from({ length: to - from }, (_, i) => row(from + i));
const flush = name => ok(client.flushSync({ collection_names: [name] }), 'flush');

export const checks = {
  'insert answers with keys, counts and a timestamp': async () => {
    const name = await collection(fields);
    const result = await insert(name, [row(5), row(6)]);
    equal(result.IDs.int_id.data.map(Number), [5, 6], 'ids');
    equal(result.succ_index.map(Number), [0, 1], 'succ_index');
    equal(result.err_index, [], 'err_index');
    assert(BigInt(result.timestamp) > 0n, 'timestamp');
    await drop(name);
  },
  'an insert that lacks a field is refused whole': async () => {
    const name = await collection(fields);
    let success = false;
    try {
      success = (await client.insert({ collection_name: name, data: [row(1), { id: 2, v: [1, 1], s: 'x' }] })).status.error_code === 'Success';
    } catch {
      success = false;
    }
    assert(!success, 'must be refused');
    equal(await count(name), 0, 'rows');
    await drop(name);
  },
  'ten thousand rows': async () => {
    const name = await collection(fields);
    for (let i = 0; i < 10; i++) await insert(name, many(i * 1000, i * 1000 + 1000));
    equal(await count(name), 10000, 'rows');
    equal(await count(name, 'n >= 9990'), 10, 'filtered count');
    await flush(name);
    equal(await count(name), 10000, 'rows after the flush');
    equal(await count(name, 'n < 100'), 100, 'filtered count after the flush');
    await drop(name);
  },
  'upsert replaces and adds': async () => {
    const name = await collection(fields);
    await insert(name, many(0, 10));
    const result = await ok(client.upsert({ collection_name: name, data: [row(3, 300, 'new'), row(20)] }));
    equal(Number(result.upsert_cnt), 2, 'upsert_cnt');
    const check = async when => {
      equal(await count(name), 11, `${when} rows`);
      equal(await rows(name, 'id == 3', { output_fields: ['n', 's'] }).then(r => [r.length, r[0].n, r[0].s]), [1, 300, 'new'], `${when} replaced`);
      equal(await ids(name, 'n == 3'), [], `${when} old value`);
    };
    await check('growing');
    await flush(name);
    await check('sealed');
    await ok(client.upsert({ collection_name: name, data: [row(3, 301, 'newer')] }));
    equal((await rows(name, 'id == 3', { output_fields: ['n'] })).map(r => r.n), [301], 'over a sealed row');
    await flush(name);
    equal((await rows(name, 'id == 3', { output_fields: ['n'] })).map(r => r.n), [301], 'after another flush');
    await drop(name);
  },
  'partial upsert keeps the other fields': async () => {
    const name = await collection(fields);
    await insert(name, many(0, 3));
    await ok(client.upsert({ collection_name: name, data: [{ id: 1, n: 77 }], partial_update: true }));
    const [found] = await rows(name, 'id == 1', { output_fields: ['n', 's', 'v'] });
    equal([found.n, found.s, found.v], [77, 's1', [1, 0]], 'row');
    await drop(name);
  },
  'delete by keys': async () => {
    const name = await collection(fields);
    await insert(name, many(0, 10));
    const result = await ok(client.delete({ collection_name: name, ids: [1, 2, 99] }));
    equal(Number(result.delete_cnt), 3, 'delete_cnt counts the keys given');
    equal(await ids(name, 'id >= 0'), [0, 3, 4, 5, 6, 7, 8, 9], 'rows');
    await flush(name);
    await ok(client.delete({ collection_name: name, ids: [3] }));
    equal(await count(name), 7, 'rows after a delete from a sealed segment');
    const hits = (await ok(client.search({ collection_name: name, data: [3, 0], limit: 2, output_fields: ['id'] }))).results;
    equal(hits.map(h => Number(h.id)).sort(), [4, 5].filter(x => x < 5).concat([hits.map(h => Number(h.id)).includes(0) ? 0 : 5]).sort(), 'search passes over deleted rows');
    await drop(name);
  },
  'delete by filter': async () => {
    const name = await collection(fields);
    await insert(name, many(0, 100));
    equal(Number((await ok(client.deleteEntities({ collection_name: name, expr: 'n < 10' }))).delete_cnt), 10, 'delete_cnt');
    equal(await count(name), 90, 'rows');
    await flush(name);
    await ok(client.deleteEntities({ collection_name: name, expr: 's like "s2%"' }));
    equal(await count(name), 80, 'rows after the second');
    await insert(name, [row(0)]);
    equal(await count(name), 81, 'a deleted key can come back');
    await refused(client.deleteEntities({ collection_name: name, expr: 'n <' }), 1100, '');
    await drop(name);
  },
  'query by filter, keys, limit and offset': async () => {
    const name = await collection(fields);
    await insert(name, many(0, 100));
    equal((await rows(name, 'n >= 50', { limit: 10, output_fields: ['id'] })).length, 10, 'limit');
    const pages = [];
    for (let offset = 0; offset < 100; offset += 30) pages.push(...(await rows(name, 'n >= 0', { limit: 30, offset, output_fields: ['id'] })));
    equal(pages.map(r => Number(r.id)).sort((a, b) => a - b), Array.from({ length: 100 }, (_, i) => i), 'pages');
    const got = await ok(client.get({ collection_name: name, ids: [7, 8, 1000], output_fields: ['id', 's'] }));
    equal(got.data.map(r => r.s).sort(), ['s7', 's8'], 'get');
    equal(Object.keys((await rows(name, 'id == 1', { output_fields: ['s'] }))[0]).sort(), ['id', 's'], 'the key always comes');
    equal((await rows(name, 'id == 1'))[0], { id: '1', v: [1, 0], n: 1, s: 's1' }, 'all fields by default');
    await refused(client.query({ collection_name: name, filter: '', output_fields: ['id'] }), 1100, '');
    equal((await rows(name, '', { limit: 5, output_fields: ['id'] })).length, 5, 'an empty filter with a limit');
    await drop(name);
  },
  'count(*)': async () => {
    const name = await collection(fields);
    await insert(name, many(0, 30));
    const found = await ok(client.query({ collection_name: name, filter: 'n < 20', output_fields: ['count(*)'] }));
    equal(Number(found.data[0]['count(*)']), 20, 'count');
    await drop(name);
  },
  'the filter language': async () => {
    const name = await collection([...fields, { name: 'j', data_type: 'JSON' }, { name: 'a', data_type: 'Array', element_type: 'Int64', max_capacity: 8 }, { name: 'd', data_type: 'Double' }, { name: 'b', data_type: 'Bool' }]);
    await insert(name, Array.from({ length: 20 }, (_, id) => ({ ...row(id), j: { k: id, t: id % 2 ? 'odd' : 'even', l: [id, id + 1], ...(id === 5 ? { five: null } : {}) }, a: [id, id * 2], d: id / 4, b: id % 3 === 0 })));
    const cases = {
      'n == 3': [3],
      'n in [1, 2, 50]': [1, 2],
      'n not in [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]': [18, 19],
      '5 < n <= 7': [6, 7],
      'n > 17 && s != "s18"': [19],
      'n < 1 or n > 18': [0, 19],
      'not (n < 18)': [18, 19],
      'n % 10 == 4': [4, 14],
      'n + 1 == 3': [2],
      'd * 4 == 8': [8],
      'n == 2 ** 3': [8],
      's like "s1%" and n < 12': [1, 10, 11],
      's like "%9"': [9, 19],
      's like "s_" and n > 7': [8, 9],
      'b == true and n > 15': [18],
      'b == true && n < 4': [0, 3],
      'j["k"] == 7': [7],
      'j["t"] == "odd" and j["k"] > 16': [17, 19],
      'j["l"][0] == 4': [4],
      'json_contains(j["l"], 5)': [4, 5],
      'json_contains_all(j["l"], [5, 6])': [5],
      'exists j["k"] and n == 2': [2],
      'a[1] == 8': [4],
      'array_contains(a, 12)': [6, 12],
      'array_contains_any(a, [38, 1])': [1, 19],
      'array_length(a) == 2 and n == 0': [0],
      'id in [3, 4]': [3, 4],
      'id == 3 || s == "s4"': [3, 4],
    };
    for (const when of ['growing', 'sealed']) {
      for (const [filter, expected] of Object.entries(cases)) equal(await ids(name, filter), expected, `${when}: ${filter}`);
      await flush(name);
    }
    equal(await ids(name, 'n in {list}', { exprValues: { list: [4, 5] } }), [4, 5], 'template list');
    equal(await ids(name, 's == {text} and n < {top}', { exprValues: { text: 's4', top: 10 } }), [4], 'template values');
    for (const bad of ['n ==', 'nothing == 1', 'n == "text"', 'n ~ 3', '(n > 1', 'n in [1, "x"]'])
      await refused(client.query({ collection_name: name, filter: bad, output_fields: ['id'] }), 1100, '', bad);
    await drop(name);
  },
  'scalar indexes do not change answers': async () => {
    const name = await collection([...fields, { name: 'j', data_type: 'JSON' }]);
    await insert(name, Array.from({ length: 200 }, (_, id) => ({ ...row(id), n: id % 10, j: { k: id } })));
    await flush(name);
    const filters = ['n == 3', 's like "s1%"', 'n in [1, 9] and s > "s5"', 'j["k"] < 5'];
    const before = await Promise.all(filters.map(f => ids(name, f)));
    await ok(client.createIndex({ collection_name: name, field_name: 'n', index_type: 'BITMAP' }));
    await ok(client.createIndex({ collection_name: name, field_name: 's', index_type: 'Trie' }));
    await ok(client.createIndex({ collection_name: name, field_name: 'j', index_name: 'jk', index_type: 'INVERTED', params: { json_path: 'j["k"]', json_cast_type: 'double' } }));
    equal(await Promise.all(filters.map(f => ids(name, f))), before, 'answers');
    await drop(name);
  },
  'consistency levels': async () => {
    const name = await collection(fields, { consistency_level: 'Bounded' });
    for (let i = 0; i < 20; i++) {
      await insert(name, [row(i)]);
      const found = await ok(client.query({ collection_name: name, filter: `id == ${i}`, output_fields: ['id'], consistency_level: ConsistencyLevelEnum.Strong }));
      equal(found.data.length, 1, `row ${i} at once`);
      await ok(client.delete({ collection_name: name, ids: [i] }));
      const gone = await ok(client.query({ collection_name: name, filter: `id == ${i}`, output_fields: ['id'], consistency_level: ConsistencyLevelEnum.Strong }));
      equal(gone.data.length, 0, `row ${i} is gone at once`);
    }
    await insert(name, many(100, 110));
    for (const level of ['Strong', 'Session', 'Bounded', 'Eventually'])
      await ok(client.search({ collection_name: name, data: [1, 0], limit: 3, consistency_level: ConsistencyLevelEnum[level] }), level);
    const start = Date.now();
    for (let i = 0; i < 10; i++) {
      await insert(name, [row(200 + i)]);
      await ok(client.search({ collection_name: name, data: [1, 0], limit: 1, consistency_level: ConsistencyLevelEnum.Strong }));
    }
    assert(Date.now() - start < 20000, 'strong reads right after a write do not wait for ticks');
    await drop(name);
  },
  'concurrent writers and readers': async () => {
    const name = await collection(fields);
    await Promise.all(Array.from({ length: 8 }, async (_, w) => {
      for (let i = 0; i < 10; i++) {
        const from = (w * 10 + i) * 10;
        await insert(name, many(from, from + 10));
        equal(await count(name, `id >= ${from} and id < ${from + 10}`), 10, 'own rows');
      }
    }));
    equal(await count(name), 800, 'rows');
    await drop(name);
  },
};
