import { client, equal, ok, refused, assert, collection, insert, drop, rows, ids, count, fresh } from '../kit.mjs';

const vector = { name: 'v', data_type: 'FloatVector', dim: 2 };
const v = [0.5, 0.25];
const scalars = [
  { name: 'b', data_type: 'Bool' },
  { name: 'i8', data_type: 'Int8' },
  { name: 'i16', data_type: 'Int16' },
  { name: 'i32', data_type: 'Int32' },
  { name: 'i64', data_type: 'Int64' },
  { name: 'f', data_type: 'Float' },
  { name: 'd', data_type: 'Double' },
  { name: 's', data_type: 'VarChar', max_length: 200 },
  { name: 'j', data_type: 'JSON' },
];
const elements = { Bool: [true, false], Int8: [-128, 127], Int16: [-32768, 32767], Int32: [-2147483648, 2147483647], Int64: ['-9007199254740993', '9223372036854775807'], Float: [0.5, -0.25], Double: [0.1, 1e300], VarChar: ['', 'zwölf'] };

const flushed = name => ok(client.flushSync({ collection_names: [name] }), 'flush');

/** Runs a check on growing rows and again on sealed ones. */
async function twice(name, check) {
  await check('growing');
  await flushed(name);
  await check('sealed');
}

export const checks = {
  'every scalar type, at its limits': async () => {
    const name = await collection([vector, ...scalars]);
    const data = [
      { id: 1, v, b: true, i8: -128, i16: -32768, i32: -2147483648, i64: '-9223372036854775808', f: -1.5, d: 1e-300, s: '', j: {} },
      { id: 2, v, b: false, i8: 127, i16: 32767, i32: 2147483647, i64: '9223372036854775807', f: 3.4e38, d: 1.7e308, s: 'Grüße, 世界 🚀 "quoted"', j: { a: [1, 'x', null, { b: true }], n: 1.5 } },
      { id: 3, v, b: true, i8: 0, i16: 0, i32: 0, i64: 0, f: 0.1, d: 0.1, s: 'x'.repeat(200), j: [1, 2] },
    ];
    await insert(name, data);
    await twice(name, async when => {
      const found = (await rows(name, 'id > 0', { output_fields: ['*'] })).sort((a, b) => a.id - b.id);
      equal(found.length, 3, when);
      data.forEach((row, i) => {
        const expected = { ...row, id: String(row.id), i64: String(row.i64), f: Math.fround(row.f) };
        equal(found[i], expected, `${when} row ${row.id}`);
      });
    });
    await drop(name);
  },
  'values out of range are refused': async () => {
    const name = await collection([vector, { name: 'i8', data_type: 'Int8' }, { name: 's', data_type: 'VarChar', max_length: 4 }]);
    const bad = (row, text) => refused(client.insert({ collection_name: name, data: [{ id: 1, v, i8: 0, s: '', ...row }] }), 1100, text);
    await bad({ i8: 300 }, 'out of range');
    await bad({ s: 'ääää' }, 'exceeds max length');
    await bad({ v: [1, Infinity] }, '');
    equal(await count(name), 0, 'rows');
    await drop(name);
  },
  'arrays of every element type': async () => {
    const fields = Object.keys(elements).map(t => ({ name: `a_${t.toLowerCase()}`, data_type: 'Array', element_type: t, max_capacity: 4, max_length: 20 }));
    const name = await collection([vector, ...fields]);
    const full = Object.fromEntries(Object.entries(elements).map(([t, e]) => [`a_${t.toLowerCase()}`, e]));
    const empty = Object.fromEntries(fields.map(f => [f.name, []]));
    await insert(name, [{ id: 1, v, ...full }, { id: 2, v, ...empty }]);
    await twice(name, async when => {
      const [one, two] = (await rows(name, 'id > 0', { output_fields: ['*'] })).sort((a, b) => a.id - b.id);
      for (const f of fields) {
        equal(one[f.name], full[f.name], `${when} ${f.name}`);
        equal(two[f.name], [], `${when} empty ${f.name}`);
      }
      equal(await ids(name, 'array_contains(a_int8, 127)'), [1], `${when} array_contains`);
      equal(await ids(name, 'array_length(a_varchar) == 0'), [2], `${when} array_length`);
      equal(await ids(name, 'a_int32[1] == 2147483647'), [1], `${when} element`);
    });
    await refused(client.insert({ collection_name: name, data: [{ id: 3, v, ...full, a_int8: [1, 2, 3, 4, 5] }] }), 1100, 'capacity');
    await drop(name);
  },
  'nullable fields of every scalar type': async () => {
    const name = await collection([vector, ...scalars.map(f => ({ ...f, nullable: true })), { name: 'a', data_type: 'Array', element_type: 'Int32', max_capacity: 4, nullable: true }]);
    const full = { b: true, i8: 1, i16: 2, i32: 3, i64: 4, f: 0.5, d: 0.25, s: 'y', j: { k: 1 }, a: [1, 2] };
    await insert(name, [{ id: 1, v, ...full }, { id: 2, v }, { id: 3, v, ...Object.fromEntries(Object.keys(full).map(k => [k, null])) }]);
    await twice(name, async when => {
      const found = (await rows(name, 'id > 0', { output_fields: ['*'] })).sort((a, b) => a.id - b.id);
      for (const key of Object.keys(full)) {
        equal(found[0][key], key === 'i64' ? '4' : full[key], `${when} ${key}`);
        equal([found[1][key], found[2][key]], [null, null], `${when} null ${key}`);
        if (key !== 'a') equal(await ids(name, `${key} is null`), [2, 3], `${when} ${key} is null`);
        equal(await ids(name, `${key} is not null`), [1], `${when} ${key} is not null`);
      }
      equal(await ids(name, 'i32 != 7'), [1], `${when} a comparison with null is not true`);
      equal(await ids(name, 'not (i32 == 7)'), [1], `${when} its negation neither`);
    });
    await drop(name);
  },
  'default values': async () => {
    const name = await collection([
      vector,
      { name: 'b', data_type: 'Bool', default_value: true },
      { name: 'i8', data_type: 'Int8', default_value: 8 },
      { name: 'i32', data_type: 'Int32', default_value: 32 },
      { name: 'i64', data_type: 'Int64', default_value: 64 },
      { name: 'f', data_type: 'Float', default_value: 0.5 },
      { name: 'd', data_type: 'Double', default_value: 0.125 },
      { name: 's', data_type: 'VarChar', max_length: 20, default_value: 'none' },
      { name: 'n', data_type: 'Int32', nullable: true, default_value: 5 },
    ]);
    await insert(name, [{ id: 1, v }, { id: 2, v, b: false, i8: 1, i32: 2, i64: 3, f: 1.5, d: 2.5, s: 'given', n: 6 }]);
    await twice(name, async when => {
      const [one, two] = (await rows(name, 'id > 0', { output_fields: ['*'] })).sort((a, b) => a.id - b.id);
      equal(one, { id: '1', v, b: true, i8: 8, i32: 32, i64: '64', f: 0.5, d: 0.125, s: 'none', n: 5 }, `${when} defaults`);
      equal(two, { id: '2', v, b: false, i8: 1, i32: 2, i64: '3', f: 1.5, d: 2.5, s: 'given', n: 6 }, `${when} given`);
    });
    await drop(name);
  },
  'the dynamic field': async () => {
    const name = await collection([vector], { enable_dynamic_field: true });
    await insert(name, [{ id: 1, v, colour: 'red', size: 3, tags: ['a', 'b'], deep: { x: { y: 1 } } }, { id: 2, v, colour: 'blue' }, { id: 3, v }]);
    await twice(name, async when => {
      equal(await ids(name, 'colour == "red"'), [1], `${when} string`);
      equal(await ids(name, 'size > 2'), [1], `${when} number`);
      equal(await ids(name, '$meta["deep"]["x"]["y"] == 1'), [1], `${when} path`);
      equal(await ids(name, 'json_contains(tags, "b")'), [1], `${when} json_contains`);
      equal(await ids(name, 'exists colour'), [1, 2], `${when} exists`);
      const found = await rows(name, 'id == 1', { output_fields: ['id', 'colour'] });
      equal(found[0].$meta, { colour: 'red' }, `${when} one member`);
      const hits = (await ok(client.search({ collection_name: name, data: v, limit: 3, filter: 'id == 1', output_fields: ['colour', 'size'] }))).results;
      equal([hits[0].colour, hits[0].size], ['red', 3], `${when} members of a hit`);
    });
    await drop(name);
  },
  'unknown fields are refused where no dynamic field is': async () => {
    const name = await collection([vector]);
    let refusedBySdk = false;
    try {
      await refused(client.insert({ collection_name: name, data: [{ id: 1, v, other: 1 }] }), 1100);
      refusedBySdk = true;
    } catch (e) {
      refusedBySdk = /other/.test(e.message) || !/success/.test(e.message);
    }
    assert(refusedBySdk, 'an insert with an unknown field');
    await refused(client.query({ collection_name: name, filter: 'other == 1' }), 1100, 'other');
    await refused(client.query({ collection_name: name, filter: 'id > 0', output_fields: ['other'] }), 1100, 'other').catch(async e => {
      if (!/1700/.test(e.message)) throw e;
    });
    await drop(name);
  },
  'automatic int64 keys': async () => {
    const name = await collection([vector], { key: { name: 'id', data_type: 'Int64', is_primary_key: true, autoID: true } });
    const result = await insert(name, [{ v }, { v: [1, 1] }]);
    const made = result.IDs.int_id.data.map(String);
    equal(made.length, 2, 'ids');
    assert(made.every(id => BigInt(id) > 0n) && made[0] !== made[1], `distinct positive ids ${made}`);
    const found = await rows(name, `id in [${made.join(',')}]`, { output_fields: ['id', 'v'] });
    equal(found.map(r => r.id).sort(), [...made].sort(), 'found by id');
    await drop(name);
  },
  'automatic varchar keys': async () => {
    const name = await collection([vector], { key: { name: 'id', data_type: 'VarChar', max_length: 30, is_primary_key: true, autoID: true } });
    const result = await insert(name, [{ v }, { v: [1, 1] }]);
    const made = result.IDs.str_id.data;
    assert(made.length === 2 && made.every(id => /^\d+$/.test(id)), `ids ${made}`);
    const found = await ok(client.get({ collection_name: name, ids: made, output_fields: ['id'] }));
    equal(found.data.map(r => r.id).sort(), [...made].sort(), 'found by id');
    await drop(name);
  },
  'varchar keys': async () => {
    const name = await collection([vector], { key: { name: 'id', data_type: 'VarChar', max_length: 60, is_primary_key: true } });
    const keys = ['a', 'b b', "it's", 'ünï', 'A'.repeat(60)];
    await insert(name, keys.map((id, i) => ({ id, v: [i, i] })));
    await twice(name, async when => {
      const found = await ok(client.get({ collection_name: name, ids: keys, output_fields: ['id'] }));
      equal(found.data.map(r => r.id).sort(), [...keys].sort(), `${when} get`);
      equal((await rows(name, 'id like "b%"', { output_fields: ['id'] })).map(r => r.id), ['b b'], `${when} like`);
      const hits = (await ok(client.search({ collection_name: name, data: [2, 2], limit: 1 }))).results;
      equal(hits[0].id, "it's", `${when} search`);
    });
    await ok(client.delete({ collection_name: name, ids: ['a'] }));
    equal(await count(name), 4, 'after the delete');
    await drop(name);
  },
  'nullable vectors': async () => {
    const name = await collection([vector, { name: 'w', data_type: 'FloatVector', dim: 2, nullable: true }], {
      indexes: ['v', 'w'].map(f => ({ field_name: f, index_type: 'FLAT', metric_type: 'L2' })),
    });
    await insert(name, [{ id: 1, v, w: [1, 1] }, { id: 2, v, w: null }, { id: 3, v, w: [3, 3] }]);
    await twice(name, async when => {
      const found = (await rows(name, 'id > 0', { output_fields: ['id', 'w'] })).sort((a, b) => a.id - b.id);
      equal(found.map(r => r.w), [[1, 1], null, [3, 3]], `${when} values`);
      const hits = (await ok(client.search({ collection_name: name, anns_field: 'w', data: [3, 3], limit: 10, output_fields: ['id'] }))).results;
      equal(hits.map(h => h.id), ['3', '1'], `${when} null vectors never match`);
    });
    await drop(name);
  },
  'a partition key': async () => {
    const name = await collection([vector, { name: 'tenant', data_type: 'VarChar', max_length: 20, is_partition_key: true }], { num_partitions: 8 });
    await insert(name, Array.from({ length: 200 }, (_, id) => ({ id, v: [id, 0], tenant: `t${id % 5}` })));
    equal((await ok(client.showPartitions({ collection_name: name }))).data.length, 8, 'partitions');
    await twice(name, async when => {
      equal((await ids(name, 'tenant == "t3"')).length, 40, `${when} one tenant`);
      const hits = (await ok(client.search({ collection_name: name, data: [0, 0], limit: 5, filter: 'tenant in ["t1", "t2"]', output_fields: ['id'] }))).results;
      equal(hits.map(h => Number(h.id)), [1, 2, 6, 7, 11], `${when} search`);
    });
    await refused(client.createPartition({ collection_name: name, partition_name: 'p' }), 1100, 'partition key');
    await drop(name);
  },
};
