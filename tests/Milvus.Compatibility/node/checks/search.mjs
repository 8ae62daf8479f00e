import { client, ok, refused, assert, equal, collection, insert, drop, random, dense, sparse, exact, sameHits, fresh, RRFRanker, WeightedRanker } from '../kit.mjs';

const DIM = 8;
const fields = [
  { name: 'x', data_type: 'FloatVector', dim: DIM },
  { name: 'g', data_type: 'Int32' },
  { name: 's', data_type: 'VarChar', max_length: 20 },
];

async function loaded({ rows = 400, more = [], extra = () => ({}), indexes } = {}) {
  const name = await collection([...fields, ...more], { indexes });
  const next = random(3);
  const data = Array.from({ length: rows }, (_, id) => ({ id, x: dense(next, DIM), g: id % 10, s: `s${id % 3}`, ...extra(id, next) }));
  await insert(name, data.slice(0, rows / 2));
  await ok(client.flushSync({ collection_names: [name] }), 'flush');
  await insert(name, data.slice(rows / 2));
  return { name, data, next };
}

const search = (name, more) => ok(client.search({ collection_name: name, output_fields: ['id'], ...more }), 'search');

export const checks = {
  'one query over sealed and growing rows': async () => {
    const { name, data, next } = await loaded();
    const query = dense(next, DIM);
    sameHits((await search(name, { data: query, limit: 20 })).results, exact('L2', data, query, 'x'), 20, 'hits');
    await drop(name);
  },
  'several queries at once': async () => {
    const { name, data, next } = await loaded();
    const queries = Array.from({ length: 7 }, () => dense(next, DIM));
    const found = (await search(name, { data: queries, limit: 5 })).results;
    equal(found.length, 7, 'lists');
    queries.forEach((q, i) => sameHits(found[i], exact('L2', data, q, 'x'), 5, `query ${i}`));
    await drop(name);
  },
  'a filter keeps min(k, matches) rows': async () => {
    const { name, data, next } = await loaded();
    const query = dense(next, DIM);
    for (const [filter, keep] of [['g == 3', r => r.g === 3], ['id in [5, 6, 399]', r => [5, 6, 399].includes(r.id)], ['s == "s1" and g < 2', r => r.s === 's1' && r.g < 2], ['id < 0', () => false]])
      sameHits((await search(name, { data: query, limit: 15, filter })).results, exact('L2', data, query, 'x', keep), 15, filter);
    sameHits((await search(name, { data: query, limit: 15, filter: 'g in {gs}', exprValues: { gs: [1, 2] } })).results, exact('L2', data, query, 'x', r => [1, 2].includes(r.g)), 15, 'template');
    await refused(client.search({ collection_name: name, data: query, limit: 1, filter: 'nothing > 1' }), 1100, 'nothing');
    await drop(name);
  },
  'output fields': async () => {
    const { name, data } = await loaded();
    const [hit] = (await search(name, { data: data[42].x, limit: 1, output_fields: ['id', 's', 'g', 'x'] })).results;
    equal([hit.id, hit.s, hit.g, hit.x], ['42', 's0', 2, data[42].x], 'fields');
    const [all] = (await search(name, { data: data[42].x, limit: 1, output_fields: ['*'] })).results;
    equal([all.id, all.s, all.g, all.x], ['42', 's0', 2, data[42].x], 'all fields');
    await refused(client.search({ collection_name: name, data: data[0].x, limit: 1, output_fields: ['nothing'] }), 1100, 'nothing').catch(e => assert(/1700/.test(e.message), e.message));
    await drop(name);
  },
  'offset pages through the hits': async () => {
    const { name, data, next } = await loaded();
    const query = dense(next, DIM);
    const all = (await search(name, { data: query, limit: 30 })).results.map(h => h.id);
    const pages = [];
    for (let offset = 0; offset < 30; offset += 10) pages.push(...(await search(name, { data: query, limit: 10, offset })).results.map(h => h.id));
    equal(pages, all, 'pages');
    await drop(name);
  },
  'round_decimal': async () => {
    const { name, data, next } = await loaded();
    const query = dense(next, DIM);
    const plain = (await search(name, { data: query, limit: 5 })).results;
    const rounded = (await search(name, { data: query, limit: 5, params: { round_decimal: 2 } })).results;
    // The SDK cuts the rounded float32 off after two digits, which may cost one more hundredth.
    rounded.forEach((h, i) => assert(Math.abs(h.score - plain[i].score) < 0.0151 && /^-?\d+(\.\d{1,2})?$/.test(String(h.score)), `${h.score} for ${plain[i].score}`));
    await drop(name);
  },
  'range search': async () => {
    const { name, data, next } = await loaded();
    const query = dense(next, DIM);
    const all = exact('L2', data, query, 'x');
    const [inner, outer] = [all[10].score, all[60].score];
    const ring = all.filter(e => e.score >= inner && e.score < outer);
    sameHits((await search(name, { data: query, limit: 200, params: { radius: outer, range_filter: inner } })).results, ring, 200, 'ring');
    await refused(client.search({ collection_name: name, data: query, limit: 5, params: { radius: 1, range_filter: 2 } }), 1100, 'range_filter');
    await drop(name);
  },
  'grouping': async () => {
    const { name, data, next } = await loaded();
    const query = dense(next, DIM);
    const all = exact('L2', data, query, 'x');
    const best = new Map();
    for (const e of all) if (!best.has(e.id % 10)) best.set(e.id % 10, e);
    const hits = (await search(name, { data: query, limit: 10, group_by_field: 'g', output_fields: ['id', 'g'] })).results;
    equal(new Set(hits.map(h => h.g)).size, 10, 'distinct groups');
    sameHits(hits, [...best.values()], 10, 'best of each group');
    const pairs = (await search(name, { data: query, limit: 4, group_by_field: 's', group_size: 2, strict_group_size: true, output_fields: ['id', 's'] })).results;
    equal(pairs.length, 6, 'two of each of three groups');
    await drop(name);
  },
  'bounds are refused': async () => {
    const { name, data } = await loaded({ rows: 10 });
    await refused(client.search({ collection_name: name, data: data[0].x, limit: 20000 }), 1100, 'topk');
    await refused(client.search({ collection_name: name, data: data[0].x, limit: 10, offset: 16384 }), 1100, '');
    await refused(client.search({ collection_name: name, data: data[0].x, limit: 10, metric_type: 'IP' }), 1100, 'metric type not match');
    await drop(name);
  },
  'HNSW checks its parameters': async () => {
    const { name, data } = await loaded({ indexes: [{ field_name: 'x', index_type: 'HNSW', metric_type: 'L2', params: { M: 8, efConstruction: 64 } }] });
    equal((await search(name, { data: data[9].x, limit: 3, params: { ef: 64 } })).results[0].id, '9', 'nearest');
    await refused(client.search({ collection_name: name, data: data[9].x, limit: 10, params: { ef: 1 } }), 1100, 'ef(1) should be larger than k(10)').catch(e => assert(/ef\(1\)/.test(e.message), e.message));
    await drop(name);
  },
  'an empty collection answers with nothing': async () => {
    const name = await collection(fields);
    equal((await search(name, { data: dense(random(1), DIM), limit: 5 })).results, [], 'hits');
    equal((await search(name, { data: [dense(random(1), DIM), dense(random(2), DIM)], limit: 5 })).results.flat(), [], 'hits of two queries');
    await drop(name);
  },
  'search by keys': async () => {
    const { name, data } = await loaded();
    const found = (await ok(client.search({ collection_name: name, ids: [7, 8], limit: 1, output_fields: ['id'] }))).results;
    equal(found.map(h => h[0].id), ['7', '8'], 'each finds itself');
    await drop(name);
  },
  'hybrid search with both rankers': async () => {
    const { name, data, next } = await loaded({
      more: [{ name: 'y', data_type: 'SparseFloatVector' }],
      extra: (_, n) => ({ y: sparse(n, 30, 5) }),
      indexes: [{ field_name: 'x', index_type: 'FLAT', metric_type: 'COSINE' }, { field_name: 'y', index_type: 'SPARSE_INVERTED_INDEX', metric_type: 'IP' }],
    });
    const [qx, qy] = [dense(next, DIM), sparse(next, 30, 5)];
    const lists = [exact('COSINE', data, qx, 'x').slice(0, 20), exact('IP', data, qy, 'y').slice(0, 20)];
    const fused = score => {
      const sum = new Map();
      lists.forEach((list, l) => list.forEach((e, rank) => sum.set(e.id, (sum.get(e.id) ?? 0) + score(e, rank, l))));
      return [...sum].map(([id, s]) => ({ id, score: s })).sort((a, b) => b.score - a.score || a.id - b.id);
    };
    const request = { collection_name: name, limit: 10, output_fields: ['id'], data: [{ anns_field: 'x', data: qx, limit: 20 }, { anns_field: 'y', data: qy, limit: 20 }] };
    const rrf = (await ok(client.hybridSearch({ ...request, rerank: RRFRanker(60) }), 'rrf')).results;
    sameHits(rrf, fused((_, rank) => 1 / (60 + rank + 1)), 10, 'rrf');
    const weighted = (await ok(client.hybridSearch({ ...request, rerank: WeightedRanker([0.7, 0.3]) }), 'weighted')).results;
    sameHits(weighted, fused((e, _, l) => [0.7, 0.3][l] * e.score), 10, 'weighted');
    await refused(client.hybridSearch({ ...request, rerank: WeightedRanker([0.7]) }), 1100, 'weights');
    await drop(name);
  },
  'hybrid search with a filter in one part': async () => {
    const { name, data, next } = await loaded({
      more: [{ name: 'y', data_type: 'FloatVector', dim: DIM }],
      extra: (_, n) => ({ y: dense(n, DIM) }),
      indexes: ['x', 'y'].map(f => ({ field_name: f, index_type: 'FLAT', metric_type: 'L2' })),
    });
    const query = dense(next, DIM);
    const hits = (await ok(client.hybridSearch({ collection_name: name, limit: 30, output_fields: ['id', 'g'], rerank: RRFRanker(), data: [{ anns_field: 'x', data: query, expr: 'g == 1' }, { anns_field: 'y', data: query, expr: 'g == 2' }] }))).results;
    assert(hits.length > 0 && hits.every(h => h.g === 1 || h.g === 2), 'only filtered rows');
    await drop(name);
  },
  'full text search': async () => {
    const name = fresh();
    await ok(client.createCollection({
      collection_name: name,
      consistency_level: 'Strong',
      fields: [
        { name: 'id', data_type: 'Int64', is_primary_key: true },
        { name: 'text', data_type: 'VarChar', max_length: 500, enable_analyzer: true, enable_match: true },
        { name: 'terms', data_type: 'SparseFloatVector', is_function_output: true },
      ],
      functions: [{ name: 'bm25', type: 'BM25', input_field_names: ['text'], output_field_names: ['terms'], params: {} }],
    }));
    await ok(client.createIndex({ collection_name: name, field_name: 'terms', index_type: 'SPARSE_INVERTED_INDEX', metric_type: 'BM25' }));
    await ok(client.loadCollection({ collection_name: name }));
    await insert(name, [{ id: 1, text: 'A quick brown fox jumps over the lazy dog' }, { id: 2, text: 'Brown bread and brown butter' }, { id: 3, text: 'Nothing of interest' }]);
    for (const when of ['growing', 'sealed']) {
      const hits = (await ok(client.search({ collection_name: name, anns_field: 'terms', data: 'brown', limit: 5, output_fields: ['id'] }), 'search')).results;
      equal(hits.map(h => h.id), ['2', '1'], `${when} ranking`);
      assert(hits[0].score > hits[1].score && hits[1].score > 0, `${when} scores`);
      const matched = (await ok(client.query({ collection_name: name, filter: 'text_match(text, "fox butter")', output_fields: ['id'] }))).data;
      equal(matched.map(r => r.id).sort(), ['1', '2'], `${when} text_match`);
      await ok(client.flushSync({ collection_names: [name] }));
    }
    await drop(name);
  },
};
