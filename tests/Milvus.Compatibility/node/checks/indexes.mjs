import { client, ok, refused, assert, equal, collection, insert, drop, until } from '../kit.mjs';

const vector = { name: 'v', data_type: 'FloatVector', dim: 4 };
const unindexed = (more = []) => collection([vector, { name: 'n', data_type: 'Int32' }, ...more], { load: false, indexes: [] });
const data = n => Array.from({ length: n }, (_, id) => ({ id, v: [Math.cos(id / 100), Math.sin(id / 100), 0, 1], n: id }));

export const checks = {
  'life cycle': async () => {
    const name = await unindexed();
    await insert(name, data(500));
    await refused(client.describeIndex({ collection_name: name }), 700, 'index not found');
    await ok(client.createIndex({ collection_name: name, field_name: 'v', index_name: 'main', index_type: 'HNSW', metric_type: 'L2', params: { M: 16, efConstruction: 100 } }));
    const [found] = (await ok(client.describeIndex({ collection_name: name }))).index_descriptions;
    equal([found.index_name, found.field_name], ['main', 'v'], 'names');
    const params = Object.fromEntries(found.params.map(p => [p.key, p.value]));
    equal([params.index_type, params.metric_type], ['HNSW', 'L2'], 'type and metric');
    assert(/16/.test(params.M ?? params.params), 'M comes back');
    equal((await ok(client.listIndexes({ collection_name: name }))).indexes, ['main'], 'list');
    await ok(client.flushSync({ collection_names: [name] }));
    await until(async () => (await ok(client.getIndexState({ collection_name: name, index_name: 'main' }))).state === 'Finished', 'the index');
    const progress = await ok(client.getIndexBuildProgress({ collection_name: name, index_name: 'main' }));
    equal([Number(progress.indexed_rows), Number(progress.total_rows)], [500, 500], 'progress');
    await ok(client.getIndexStatistics({ collection_name: name, index_name: 'main' }));
    await ok(client.loadCollection({ collection_name: name }));
    await refused(client.dropIndex({ collection_name: name, index_name: 'main' }), 1100, 'loaded').catch(e => assert(/loaded/.test(e.message), e.message));
    await ok(client.releaseCollection({ collection_name: name }));
    await ok(client.dropIndex({ collection_name: name, index_name: 'main' }));
    await ok(client.dropIndex({ collection_name: name, index_name: 'main' }));
    await refused(client.describeIndex({ collection_name: name }), 700, 'index not found');
    await drop(name);
  },
  'another index after the first was dropped': async () => {
    const name = await unindexed();
    await insert(name, data(300));
    await ok(client.flushSync({ collection_names: [name] }));
    for (const [type, metric] of [['FLAT', 'L2'], ['HNSW', 'IP'], ['AUTOINDEX', 'COSINE']]) {
      await ok(client.createIndex({ collection_name: name, field_name: 'v', index_type: type, metric_type: metric }));
      await ok(client.loadCollection({ collection_name: name }));
      const hits = (await ok(client.search({ collection_name: name, data: data(300)[299].v, limit: 1, output_fields: ['id'], consistency_level: 0 }))).results;
      equal(hits[0].id, '299', `${type} ${metric}`);
      await ok(client.releaseCollection({ collection_name: name }));
      await ok(client.dropIndex({ collection_name: name, field_name: 'v' }));
    }
    await drop(name);
  },
  'creating again is idempotent, creating differently is refused': async () => {
    const name = await unindexed();
    const same = { collection_name: name, field_name: 'v', index_name: 'i', index_type: 'FLAT', metric_type: 'L2' };
    await ok(client.createIndex(same));
    await ok(client.createIndex(same));
    await refused(client.createIndex({ ...same, metric_type: 'IP' }), 1100, 'at most one distinct index');
    await refused(client.createIndex({ ...same, index_name: 'j' }), 1100, 'multiple indexes');
    await drop(name);
  },
  'bad indexes are refused': async () => {
    const name = await unindexed();
    const create = more => client.createIndex({ collection_name: name, field_name: 'v', index_type: 'HNSW', metric_type: 'L2', params: { M: 16, efConstruction: 100 }, ...more });
    await refused(create({ params: { M: 4096, efConstruction: 100 } }), 1100, "param 'M' (4096) should be in range [2, 2048]");
    await refused(create({ index_type: 'NOTHING' }), 1100, '');
    await refused(create({ field_name: 'nothing' }), 1700, 'nothing').catch(e => assert(/1100/.test(e.message), e.message));
    await refused(create({ field_name: 'n', index_type: 'HNSW' }), 1100, '');
    await refused(create({ index_type: 'IVF_FLAT', params: { nlist: 0 } }), 1100, 'nlist');
    await refused(create({ index_type: 'AUTOINDEX', params: { M: 16 } }), 1100, 'AutoIndex');
    await drop(name);
  },
  'AUTOINDEX shows no more than its metric': async () => {
    const name = await unindexed();
    await ok(client.createIndex({ collection_name: name, field_name: 'v', index_type: 'AUTOINDEX', metric_type: 'IP' }));
    const [found] = (await ok(client.describeIndex({ collection_name: name }))).index_descriptions;
    const params = Object.fromEntries(found.params.map(p => [p.key, p.value]));
    equal([params.index_type, params.metric_type], ['AUTOINDEX', 'IP'], 'params');
    await drop(name);
  },
  'scalar indexes of every type': async () => {
    const name = await unindexed([
      { name: 's', data_type: 'VarChar', max_length: 20 },
      { name: 'b', data_type: 'Bool' },
      { name: 'j', data_type: 'JSON' },
      { name: 'a', data_type: 'Array', element_type: 'Int32', max_capacity: 4 },
    ]);
    const create = (field, type, more = {}) => client.createIndex({ collection_name: name, field_name: field, index_type: type, ...more });
    await ok(create('n', 'STL_SORT'));
    await ok(create('s', 'INVERTED'));
    await ok(create('b', 'BITMAP'));
    await ok(create('a', 'BITMAP'));
    await ok(create('j', 'INVERTED', { index_name: 'jp', params: { json_path: 'j["k"]', json_cast_type: 'varchar' } }));
    equal((await ok(client.listIndexes({ collection_name: name }))).indexes.length, 5, 'indexes');
    await refused(create('id', 'BITMAP'), 1100, 'primary key');
    await refused(create('b', 'STL_SORT', { index_name: 'other' }), 1100, '');
    for (const field of ['n', 's', 'b', 'a']) await ok(client.dropIndex({ collection_name: name, field_name: field }));
    await drop(name);
  },
  'properties can be altered and dropped': async () => {
    const name = await unindexed();
    await ok(client.createIndex({ collection_name: name, field_name: 'v', index_name: 'i', index_type: 'HNSW', metric_type: 'L2', params: { M: 8, efConstruction: 40 } }));
    await ok(client.alterIndexProperties({ collection_name: name, index_name: 'i', params: { 'mmap.enabled': true } }));
    const has = async () => (await client.describeIndex({ collection_name: name })).index_descriptions[0].params.some(p => p.key === 'mmap.enabled');
    equal(await has(), true, 'altered');
    await ok(client.dropIndexProperties({ collection_name: name, index_name: 'i', properties: ['mmap.enabled'] }));
    equal(await has(), false, 'dropped');
    await drop(name);
  },
};
