import { client, ok, refused, assert, equal, collection, insert, drop, rows, random, dense, bytes, bits, sparse, exact, sameHits, metrics, smallerFirst } from '../kit.mjs';

const DIM = 32;
const ROWS = 300;
const kinds = {
  FloatVector: { make: n => dense(n, DIM), dim: DIM, metrics: ['L2', 'IP', 'COSINE'], indexes: ['FLAT', 'HNSW', 'IVF_FLAT', 'AUTOINDEX'] },
  Float16Vector: { make: n => dense(n, DIM), dim: DIM, metrics: ['L2', 'IP', 'COSINE'], indexes: ['FLAT', 'HNSW'] },
  BFloat16Vector: { make: n => dense(n, DIM), dim: DIM, metrics: ['L2', 'IP', 'COSINE'], indexes: ['FLAT', 'HNSW'] },
  Int8Vector: { make: n => bytes(n, DIM), dim: DIM, metrics: ['L2', 'IP', 'COSINE'], indexes: ['HNSW', 'AUTOINDEX'] },
  BinaryVector: { make: n => bits(n, 64), dim: 64, metrics: ['HAMMING', 'JACCARD'], indexes: ['BIN_FLAT', 'BIN_IVF_FLAT', 'AUTOINDEX'] },
  SparseFloatVector: { make: n => sparse(n, 60, 8), metrics: ['IP'], indexes: ['SPARSE_INVERTED_INDEX', 'SPARSE_WAND', 'AUTOINDEX'] },
};
const params = { HNSW: { M: 16, efConstruction: 200 }, IVF_FLAT: { nlist: 8 }, BIN_IVF_FLAT: { nlist: 8 } };
const effort = { HNSW: { ef: 300 }, IVF_FLAT: { nprobe: 8 }, BIN_IVF_FLAT: { nprobe: 8 }, AUTOINDEX: {} };

/** Searches unfiltered, filtered and ranged, and compares each answer with a scan. */
async function compare(name, metric, data, make, searchParams, when) {
  const next = random(77);
  for (let q = 0; q < 5; q++) {
    const query = make(next);
    const search = more => ok(client.search({ collection_name: name, anns_field: 'x', data: query, output_fields: ['id'], params: searchParams, ...more }), `${when} search`);
    const all = exact(metric, data, query, 'x').filter(e => metric !== 'IP' || Array.isArray(query) || e.score > 0);
    sameHits((await search({ limit: 10 })).results, all, 10, `${when} query ${q}`);
    const few = all.filter(e => e.id % 7 === 3);
    sameHits((await search({ limit: 10, filter: 'id % 7 == 3' })).results, few, 10, `${when} filtered query ${q}`);
    const edge = all[20].score;
    const better = all.filter(e => (smallerFirst(metric) ? e.score < edge - 1e-5 : e.score > edge + 1e-5));
    const radius = better.length > 0 ? (edge + better[better.length - 1].score) / 2 : edge;
    sameHits((await search({ limit: 100, params: { ...searchParams, radius } })).results, better, 100, `${when} range query ${q}`);
  }
}

export const checks = {};

for (const [type, kind] of Object.entries(kinds))
  for (const metric of kind.metrics)
    checks[`${type} with ${metric}`] = async () => {
      for (const index of kind.indexes) {
        const next = random(5);
        const name = await collection([{ name: 'x', data_type: type, ...(kind.dim ? { dim: kind.dim } : {}) }], {
          indexes: [{ field_name: 'x', index_type: index, metric_type: metric, params: params[index] ?? {} }],
        });
        const data = Array.from({ length: ROWS }, (_, id) => ({ id, x: kind.make(next) }));
        await insert(name, data.slice(0, 200));
        await insert(name, data.slice(200));
        await compare(name, metric, data, kind.make, effort[index], `${index} growing`);
        await ok(client.flushSync({ collection_names: [name] }), 'flush');
        await compare(name, metric, data, kind.make, effort[index], `${index} sealed`);
        await drop(name);
      }
    };

for (const [type, kind] of Object.entries(kinds))
  checks[`${type} comes back as inserted`] = async () => {
    const next = random(9);
    const name = await collection([{ name: 'x', data_type: type, ...(kind.dim ? { dim: kind.dim } : {}) }], {
      indexes: [{ field_name: 'x', index_type: 'AUTOINDEX', metric_type: kind.metrics[0] }],
    });
    const data = Array.from({ length: 20 }, (_, id) => ({ id, x: kind.make(next) }));
    await insert(name, data);
    for (const when of ['growing', 'sealed']) {
      const found = (await rows(name, 'id >= 0', { output_fields: ['id', 'x'] })).sort((a, b) => a.id - b.id);
      found.forEach((r, i) => equal(r.x, data[i].x, `${when} row ${i}`));
      const hits = (await ok(client.search({ collection_name: name, data: data[3].x, limit: 1, output_fields: ['id', 'x'] }))).results;
      equal(hits[0].x, data[Number(hits[0].id)].x, `${when} vector of a hit`);
      await ok(client.flushSync({ collection_names: [name] }), 'flush');
    }
    await drop(name);
  };

Object.assign(checks, {
  'an empty sparse vector is stored and never found by inner product': async () => {
    const name = await collection([{ name: 'x', data_type: 'SparseFloatVector' }], { indexes: [{ field_name: 'x', index_type: 'SPARSE_INVERTED_INDEX', metric_type: 'IP' }] });
    await insert(name, [{ id: 1, x: { 3: 0.5 } }, { id: 2, x: { 4294967290: 1.5 } }]);
    const hits = (await ok(client.search({ collection_name: name, data: { 4294967290: 2 }, limit: 5 }))).results;
    equal(hits.map(h => [h.id, h.score]), [['2', 3]], 'hits');
    await drop(name);
  },
  'vectors of the wrong size or type are refused': async () => {
    const name = await collection([{ name: 'x', data_type: 'FloatVector', dim: 4 }]);
    await refused(client.search({ collection_name: name, data: [1, 2, 3], limit: 1 }), 1100, 'dimension');
    let sent = true;
    try {
      sent = (await client.insert({ collection_name: name, data: [{ id: 1, x: [1, 2, 3] }] })).status.error_code === 'Success';
    } catch {
      sent = false;
    }
    assert(!sent, 'an insert of the wrong dimension must be refused');
    await drop(name);
  },
  'metrics that do not fit the type are refused': async () => {
    const name = await collection([{ name: 'x', data_type: 'FloatVector', dim: 4 }, { name: 'b', data_type: 'BinaryVector', dim: 16 }, { name: 's', data_type: 'SparseFloatVector' }], { load: false, indexes: [] });
    const index = (field, type, metric) => client.createIndex({ collection_name: name, field_name: field, index_type: type, metric_type: metric });
    await refused(index('x', 'FLAT', 'HAMMING'), 1100, 'metric type');
    await refused(index('b', 'BIN_FLAT', 'L2'), 1100, 'metric type');
    await refused(index('s', 'SPARSE_INVERTED_INDEX', 'L2'), 1100, '');
    await refused(index('b', 'HNSW_SQ', 'HAMMING'), 1100, '');
    await drop(name);
  },
  'several vector fields in one collection': async () => {
    const fields = Object.entries(kinds).map(([type, kind]) => ({ name: type.toLowerCase(), data_type: type, ...(kind.dim ? { dim: kind.dim } : {}) }));
    const indexes = Object.entries(kinds).map(([type, kind]) => ({ field_name: type.toLowerCase(), index_type: 'AUTOINDEX', metric_type: kind.metrics[0] }));
    const name = await collection(fields, { indexes });
    const next = random(13);
    const data = Array.from({ length: 50 }, (_, id) => ({ id, ...Object.fromEntries(Object.entries(kinds).map(([t, k]) => [t.toLowerCase(), k.make(next)])) }));
    await insert(name, data);
    for (const [type, kind] of Object.entries(kinds)) {
      const field = type.toLowerCase();
      const expected = exact(kind.metrics[0], data, data[7][field], field).filter(e => type !== 'SparseFloatVector' || e.score > 0);
      const hits = (await ok(client.search({ collection_name: name, anns_field: field, data: data[7][field], limit: 5 }))).results;
      sameHits(hits, expected, 5, type);
    }
    await refused(client.search({ collection_name: name, anns_field: 'nothing', data: data[0].floatvector, limit: 1 }), 1100, '').catch(e => assert(/anns_field|field/.test(e.message), e.message));
    await drop(name);
  },
  'approximate indexes find what a scan finds': async () => {
    const next = random(21);
    const data = Array.from({ length: 2000 }, (_, id) => ({ id, x: dense(next, DIM) }));
    for (const [index, searchParams] of [['HNSW', { ef: 128 }], ['IVF_FLAT', { nprobe: 32 }], ['IVF_SQ8', { nprobe: 64 }], ['HNSW_SQ', { ef: 128 }], ['DISKANN', { search_list: 100 }], ['SCANN', { nprobe: 64, reorder_k: 200 }]]) {
      const name = await collection([{ name: 'x', data_type: 'FloatVector', dim: DIM }], {
        indexes: [{ field_name: 'x', index_type: index, metric_type: 'L2', params: /^HNSW/.test(index) ? { M: 16, efConstruction: 200 } : index === 'DISKANN' ? {} : { nlist: 64 } }],
      });
      await insert(name, data);
      await ok(client.flushSync({ collection_names: [name] }), 'flush');
      let found = 0;
      for (let q = 0; q < 20; q++) {
        const query = dense(next, DIM);
        const best = new Set(exact('L2', data, query, 'x').slice(0, 10).map(e => e.id));
        const hits = (await ok(client.search({ collection_name: name, data: query, limit: 10, params: searchParams }), index)).results;
        found += hits.filter(h => best.has(Number(h.id))).length;
        hits.forEach(h => assert(Math.abs(h.score - metrics.L2(data[Number(h.id)].x, query)) < (/SQ/.test(index) ? 5 : 0.01), `${index}: distance of ${h.id}`));
      }
      assert(found >= 180, `${index}: recall@10 ${found / 200}`);
      await drop(name);
    }
  },
});
