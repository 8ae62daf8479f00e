import { client, assert, equal, ok, refused, fresh, collection, insert, count, drop, rows, until } from '../kit.mjs';

const vector = { name: 'v', data_type: 'FloatVector', dim: 4 };
const row = id => ({ id, v: [id, 1, 2, 3] });
const param = (field, key) => field[key] ?? field.type_params?.find(p => p.key === key)?.value;

export const checks = {
  'quick creation': async () => {
    const name = fresh();
    await ok(client.createCollection({ collection_name: name, dimension: 4 }));
    const schema = (await ok(client.describeCollection({ collection_name: name }))).schema;
    equal(schema.enable_dynamic_field, true, 'dynamic field');
    equal(schema.fields.map(f => f.name), ['id', 'vector'], 'fields');
    equal((await ok(client.getLoadState({ collection_name: name }))).state, 'LoadStateLoaded', 'load state');
    await insert(name, [{ id: 1, vector: [1, 2, 3, 4], anything: 'goes' }]);
    const found = await ok(client.search({ collection_name: name, data: [1, 2, 3, 4], limit: 1, consistency_level: 0, output_fields: ['*'] }));
    equal(found.results[0].$meta, { anything: 'goes' }, 'dynamic values');
    await drop(name);
  },
  'a schema comes back as it was given': async () => {
    const name = fresh();
    await ok(client.createCollection({
      collection_name: name,
      description: 'all of it',
      consistency_level: 'Session',
      shards_num: 2,
      enable_dynamic_field: true,
      fields: [
        { name: 'key', data_type: 'VarChar', is_primary_key: true, max_length: 40, description: 'the key' },
        { name: 'amount', data_type: 'Int32', nullable: true },
        { name: 'word', data_type: 'VarChar', max_length: 20, default_value: 'none' },
        { name: 'tags', data_type: 'Array', element_type: 'VarChar', max_capacity: 8, max_length: 16 },
        { name: 'meta', data_type: 'JSON' },
        vector,
        { name: 's', data_type: 'SparseFloatVector' },
      ],
      properties: { 'collection.ttl.seconds': 3600 },
    }));
    const found = await ok(client.describeCollection({ collection_name: name }));
    const fields = Object.fromEntries(found.schema.fields.map(f => [f.name, f]));
    equal(Object.keys(fields), ['key', 'amount', 'word', 'tags', 'meta', 'v', 's'], 'names');
    equal(found.schema.description, 'all of it', 'description');
    equal(found.consistency_level, 'Session', 'consistency');
    equal(Number(found.shards_num), 2, 'shards');
    equal([fields.key.is_primary_key, fields.key.description, Number(param(fields.key, 'max_length'))], [true, 'the key', 40], 'key');
    equal(fields.amount.nullable, true, 'nullable');
    equal([fields.tags.element_type, Number(param(fields.tags, 'max_capacity'))], ['VarChar', 8], 'array');
    equal([fields.v.data_type, Number(param(fields.v, 'dim'))], ['FloatVector', 4], 'vector');
    assert(JSON.stringify(fields.word).includes('none'), 'default value');
    assert(found.properties.some(p => p.key === 'collection.ttl.seconds' && p.value === '3600'), 'property');
    await drop(name);
  },
  'has, list and drop': async () => {
    const name = await collection([vector]);
    equal((await client.hasCollection({ collection_name: name })).value, true, 'has');
    const listed = (await ok(client.showCollections())).data.find(c => c.name === name);
    assert(listed, 'listed');
    const loaded = (await ok(client.showCollections({ type: 1 }))).data.find(c => c.name === name);
    equal(Number(loaded.loadedPercentage), 100, 'loaded percentage');
    await drop(name);
    equal((await client.hasCollection({ collection_name: name })).value, false, 'has after drop');
    await drop(name);
    await refused(client.describeCollection({ collection_name: name }), 100, name);
  },
  'creating again is idempotent, creating differently is refused': async () => {
    const name = fresh();
    const same = { collection_name: name, fields: [{ name: 'id', data_type: 'Int64', is_primary_key: true }, vector] };
    await ok(client.createCollection(same));
    await ok(client.createCollection(same));
    await refused(client.createCollection({ ...same, fields: [same.fields[0], { ...vector, dim: 8 }] }), 1100, 'create duplicate collection');
    await drop(name);
  },
  'bad schemas are refused': async () => {
    const key = { name: 'id', data_type: 'Int64', is_primary_key: true };
    const create = (fields, more = {}) => client.createCollection({ collection_name: fresh(), fields, ...more });
    await refused(create([key, { ...key, name: 'id2' }, vector]), 1100, 'primary key');
    await refused(create([key, { name: 'n', data_type: 'Int8' }]), 1100, 'vector field');
    await refused(create([key, { ...vector, dim: 1 }]), 1100, 'dim');
    await refused(create([key, { ...vector, dim: 40000 }]), 1100, 'dim');
    await refused(create([key, { name: 'b', data_type: 'BinaryVector', dim: 12 }]), 1100, '8');
    await refused(create([key, vector, { ...vector }]), 1100, 'duplicated field name');
    await refused(create([key, vector, { name: 'bad-name', data_type: 'Int8' }]), 1701, 'bad-name');
    await refused(create([key, vector, { name: 't', data_type: 'VarChar', max_length: 70000 }]), 1100, 'max');
    await refused(create([key, vector, { name: 'a', data_type: 'Array', element_type: 'Int8', max_capacity: 5000 }]), 1100, 'capacity');
    await refused(client.createCollection({ collection_name: 'bad name', fields: [key, vector] }), 1100, 'collection name');
  },
  'rename': async () => {
    const name = await collection([vector]);
    await insert(name, [row(1)]);
    const next = fresh();
    await ok(client.renameCollection({ collection_name: name, new_collection_name: next }));
    equal((await client.hasCollection({ collection_name: name })).value, false, 'old name');
    equal(await count(next), 1, 'rows under the new name');
    await drop(next);
  },
  'properties can be set and removed': async () => {
    const name = await collection([vector]);
    const value = async key => (await client.describeCollection({ collection_name: name })).properties.find(p => p.key === key)?.value;
    await ok(client.alterCollectionProperties({ collection_name: name, properties: { 'collection.ttl.seconds': 7200 } }));
    equal(await value('collection.ttl.seconds'), '7200', 'set');
    await ok(client.dropCollectionProperties({ collection_name: name, properties: ['collection.ttl.seconds'] }));
    equal(await value('collection.ttl.seconds'), undefined, 'removed');
    await refused(client.alterCollectionProperties({ collection_name: name, properties: { 'collection.ttl.seconds': -5 } }), 1100, 'TTL');
    await drop(name);
  },
  'a field can be altered': async () => {
    const name = await collection([vector, { name: 't', data_type: 'VarChar', max_length: 4 }]);
    await refused(client.insert({ collection_name: name, data: [{ ...row(1), t: 'longer' }] }), 1100, 'exceeds max length');
    await ok(client.alterCollectionFieldProperties({ collection_name: name, field_name: 't', properties: { max_length: 10 } }));
    await insert(name, [{ ...row(1), t: 'longer' }]);
    await drop(name);
  },
  'a field can be added': async () => {
    const name = await collection([vector]);
    await insert(name, [row(1)]);
    await ok(client.addCollectionField({ collection_name: name, field: { name: 'later', data_type: 'Int64', nullable: true } }));
    await insert(name, [{ ...row(2), later: 7 }]);
    const found = await rows(name, 'id > 0', { output_fields: ['id', 'later'] });
    equal(found.map(r => r.later).sort(), ['7', null], 'old rows are null');
    equal((await rows(name, 'later is null', { output_fields: ['id'] })).length, 1, 'filter on the added field');
    await refused(client.addCollectionField({ collection_name: name, field: { name: 'strict', data_type: 'Int64' } }), 1100, 'nullable');
    await drop(name);
  },
  'load, progress and release': async () => {
    const name = await collection([vector], { load: false });
    await insert(name, [row(1), row(2)]);
    equal((await ok(client.getLoadState({ collection_name: name }))).state, 'LoadStateNotLoad', 'state before');
    await refused(client.query({ collection_name: name, filter: 'id > 0' }), 101, 'collection not loaded');
    await refused(client.search({ collection_name: name, data: [1, 2, 3, 4], limit: 1 }), 101, 'collection not loaded');
    await ok(client.loadCollectionAsync({ collection_name: name }));
    await until(async () => Number((await ok(client.getLoadingProgress({ collection_name: name }))).progress) === 100, 'load');
    equal((await ok(client.getLoadState({ collection_name: name }))).state, 'LoadStateLoaded', 'state after');
    equal(await count(name), 2, 'rows');
    await ok(client.refreshLoad({ collection_name: name }));
    await ok(client.releaseCollection({ collection_name: name }));
    await ok(client.releaseCollection({ collection_name: name }));
    equal((await ok(client.getLoadState({ collection_name: name }))).state, 'LoadStateNotLoad', 'state after release');
    equal((await ok(client.getLoadState({ collection_name: fresh() }))).state, 'LoadStateNotExist', 'state of a missing one');
    await drop(name);
  },
  'loading without an index is refused': async () => {
    const name = await collection([vector], { load: false, indexes: [] });
    await refused(client.loadCollectionAsync({ collection_name: name }), 700, 'index not found');
    await drop(name);
  },
  'flush and statistics': async () => {
    const name = await collection([vector]);
    await insert(name, Array.from({ length: 500 }, (_, i) => row(i)));
    const flushed = await ok(client.flushSync({ collection_names: [name] }));
    equal(flushed.flushed, true, 'flushed');
    equal(Number((await ok(client.getCollectionStatistics({ collection_name: name }))).data.row_count), 500, 'row count');
    const segments = await ok(client.getPersistentSegmentInfo({ collectionName: name }));
    equal(segments.infos.reduce((s, i) => s + Number(i.num_rows), 0), 500, 'rows of segments');
    const queried = await ok(client.getQuerySegmentInfo({ collectionName: name }));
    assert(queried.infos.length >= 1, 'query segments');
    equal(await count(name), 500, 'rows after the flush');
    await drop(name);
  },
  'flush of everything': async () => {
    const name = await collection([vector]);
    await insert(name, [row(1)]);
    const state = await ok(client.flushAllSync());
    equal(state.flushed, true, 'flushed');
    await drop(name);
  },
  'compaction keeps what lives': async () => {
    const name = await collection([vector]);
    for (let part = 0; part < 3; part++) {
      await insert(name, Array.from({ length: 100 }, (_, i) => row(part * 100 + i)));
      await ok(client.flushSync({ collection_names: [name] }));
    }
    await ok(client.delete({ collection_name: name, filter: 'id < 150' }));
    const started = await ok(client.compact({ collection_name: name }));
    assert(Number(started.compactionID) !== 0, 'compaction id');
    await until(async () => (await ok(client.getCompactionState({ compactionID: started.compactionID }))).state === 'Completed', 'compaction');
    await ok(client.getCompactionStateWithPlans({ compactionID: started.compactionID }));
    equal(await count(name), 150, 'rows');
    equal((await rows(name, 'id in [149, 150]', { output_fields: ['id'] })).length, 1, 'deleted rows stay away');
    await drop(name);
  },
  'truncate keeps the schema': async () => {
    const name = await collection([vector]);
    await insert(name, [row(1), row(2)]);
    await ok(client.truncateCollection({ collection_name: name }));
    equal(await count(name), 0, 'rows');
    await insert(name, [row(3)]);
    equal(await count(name), 1, 'rows inserted later');
    await drop(name);
  },
  'replicas': async () => {
    const name = await collection([vector]);
    const id = (await client.describeCollection({ collection_name: name })).collectionID;
    const found = await ok(client.getReplicas({ collectionID: id }));
    equal(found.replicas.length, 1, 'replicas');
    await drop(name);
  },
  'several collections described at once': async () => {
    const names = [await collection([vector]), await collection([vector])];
    const found = await ok(client.batchDescribeCollections({ collection_names: names }));
    equal(found.responses.map(r => r.collection_name).sort(), [...names].sort(), 'names');
    for (const name of names) await drop(name);
  },
};
