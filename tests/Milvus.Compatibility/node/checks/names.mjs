import { client, MilvusClient, address, ok, refused, assert, equal, collection, insert, drop, rows, ids, count, fresh } from '../kit.mjs';

const vector = { name: 'v', data_type: 'FloatVector', dim: 2 };
const data = (from, to) => Array.from({ length: to - from }, (_, i) => ({ id: from + i, v: [from + i, 0] }));

export const checks = {
  'partitions: life cycle': async () => {
    const name = await collection([vector]);
    await ok(client.createPartition({ collection_name: name, partition_name: 'p1' }));
    await ok(client.createPartition({ collection_name: name, partition_name: 'p1' }));
    equal((await ok(client.hasPartition({ collection_name: name, partition_name: 'p1' }))).value, true, 'has');
    equal((await ok(client.hasPartition({ collection_name: name, partition_name: 'p9' }))).value, false, 'has not');
    equal((await ok(client.listPartitions({ collection_name: name }))).data.map(p => p.name).sort(), ['_default', 'p1'], 'list');
    await ok(client.releasePartitions({ collection_name: name, partition_names: ['p1'] }));
    await ok(client.dropPartition({ collection_name: name, partition_name: 'p1' }));
    await ok(client.dropPartition({ collection_name: name, partition_name: 'p1' }));
    await ok(client.releaseCollection({ collection_name: name }));
    await refused(client.dropPartition({ collection_name: name, partition_name: '_default' }), 1100, 'default partition');
    await drop(name);
  },
  'partitions: rows stay apart': async () => {
    const name = await collection([vector]);
    await ok(client.createPartition({ collection_name: name, partition_name: 'p1' }));
    await insert(name, data(0, 10));
    await insert(name, data(10, 15), { partition_name: 'p1' });
    for (const when of ['growing', 'sealed']) {
      equal(await count(name), 15, `${when} all`);
      equal(await ids(name, 'id >= 0', { partition_names: ['p1'] }), [10, 11, 12, 13, 14], `${when} query`);
      const hits = (await ok(client.search({ collection_name: name, data: [0, 0], limit: 3, partition_names: ['p1'], output_fields: ['id'] }))).results;
      equal(hits.map(h => Number(h.id)), [10, 11, 12], `${when} search`);
      await ok(client.flushSync({ collection_names: [name] }));
    }
    equal(Number((await ok(client.getPartitionStatistics({ collection_name: name, partition_name: 'p1' }))).data.row_count), 5, 'statistics');
    await ok(client.deleteEntities({ collection_name: name, partition_name: 'p1', expr: 'id >= 0' }));
    equal(await count(name), 10, 'after a delete in one partition');
    await refused(client.insert({ collection_name: name, data: data(0, 1), partition_name: 'p9' }), 200, 'partition not found');
    await refused(client.query({ collection_name: name, filter: 'id > 0', partition_names: ['p9'] }), 1100, 'partition name p9 not found');
    await drop(name);
  },
  'partitions: load and release one': async () => {
    const name = await collection([vector], { load: false });
    await ok(client.createPartition({ collection_name: name, partition_name: 'p1' }));
    await insert(name, data(0, 3));
    await insert(name, data(3, 5), { partition_name: 'p1' });
    await ok(client.loadPartitionsSync({ collection_name: name, partition_names: ['p1'] }));
    equal(await ids(name, 'id >= 0', { partition_names: ['p1'] }), [3, 4], 'the loaded one');
    await refused(client.query({ collection_name: name, filter: 'id >= 0', partition_names: ['_default'] }), 201, 'partition not loaded');
    await ok(client.loadCollection({ collection_name: name }));
    await refused(client.dropPartition({ collection_name: name, partition_name: 'p1' }), 1100, 'partition cannot be dropped, partition is loaded');
    await ok(client.releasePartitions({ collection_name: name, partition_names: ['p1'] }));
    await ok(client.dropPartition({ collection_name: name, partition_name: 'p1' }));
    equal(await count(name), 3, 'what is left');
    await drop(name);
  },
  'aliases': async () => {
    const [one, two, alias] = [await collection([vector]), await collection([vector]), fresh('alias')];
    await insert(one, data(0, 1));
    await insert(two, data(0, 2));
    await ok(client.createAlias({ collection_name: one, alias }));
    await ok(client.createAlias({ collection_name: one, alias }));
    await refused(client.createAlias({ collection_name: two, alias }), 1602, 'already exist');
    await refused(client.createAlias({ collection_name: two, alias: one }), 1601, '');
    equal(await count(alias), 1, 'count by alias');
    equal((await ok(client.describeAlias({ collection_name: one, alias }))).collection, one, 'describe');
    equal((await ok(client.listAliases({ collection_name: one }))).aliases, [alias], 'list');
    await ok(client.alterAlias({ collection_name: two, alias }));
    equal((await rows(alias, 'id >= 0', { output_fields: ['id'] })).length, 2, 'query by the moved alias');
    equal((await ok(client.search({ collection_name: alias, data: [1, 0], limit: 5 }))).results.length, 2, 'search by alias');
    await insert(alias, data(5, 6));
    equal(await count(two), 3, 'insert by alias');
    await refused(client.dropCollection({ collection_name: two }), 1100, 'alias');
    await refused(client.alterAlias({ collection_name: two, alias: fresh('alias') }), 1600, 'alias not found');
    await ok(client.dropAlias({ alias }));
    await refused(client.describeAlias({ collection_name: two, alias }), 1600, 'alias not found');
    await drop(one);
    await drop(two);
  },
  'databases': async () => {
    const db = fresh('db');
    await ok(client.createDatabase({ db_name: db, properties: { 'database.max.collections': 10 } }));
    await refused(client.createDatabase({ db_name: db }), 1100, 'already exist');
    assert((await ok(client.listDatabases())).db_names.includes(db), 'listed');
    const described = await ok(client.describeDatabase({ db_name: db }));
    assert(described.properties.some(p => p.key === 'database.max.collections' && p.value === '10'), 'properties');
    await ok(client.alterDatabase({ db_name: db, properties: { 'database.max.collections': 20 } }));
    await ok(client.dropDatabaseProperties({ db_name: db, properties: ['database.max.collections'] }));

    const inside = new MilvusClient({ address, database: db });
    const name = fresh();
    await ok(inside.createCollection({ collection_name: name, dimension: 2, consistency_level: 'Strong' }));
    await ok(inside.insert({ collection_name: name, data: [{ id: 1, vector: [1, 2] }] }));
    equal((await ok(inside.query({ collection_name: name, filter: 'id > 0', output_fields: ['id'] }))).data.length, 1, 'rows inside');
    equal((await ok(inside.showCollections())).data.map(c => c.name), [name], 'collections inside');
    equal((await client.hasCollection({ collection_name: name })).value, false, 'not in the default database');
    equal((await client.hasCollection({ collection_name: name, db_name: db })).value, true, 'by the name in the request');
    await refused(client.dropDatabase({ db_name: db }), 1100, 'not empty');
    await ok(inside.dropCollection({ collection_name: name }));
    await inside.closeConnection();
    await ok(client.dropDatabase({ db_name: db }));
    await refused(client.describeDatabase({ db_name: db }), 800, 'database not found');
    await refused(client.dropDatabase({ db_name: 'default' }), 1100, '');
  },
  'a collection moves to another database': async () => {
    const db = fresh('db');
    await ok(client.createDatabase({ db_name: db }));
    const name = await collection([vector]);
    await insert(name, data(0, 4));
    await ok(client.renameCollection({ collection_name: name, new_collection_name: name, new_db_name: db }));
    equal((await client.hasCollection({ collection_name: name })).value, false, 'gone from the default database');
    equal((await client.hasCollection({ collection_name: name, db_name: db })).value, true, 'there');
    await ok(client.dropCollection({ collection_name: name, db_name: db }));
    await ok(client.dropDatabase({ db_name: db }));
  },
};
