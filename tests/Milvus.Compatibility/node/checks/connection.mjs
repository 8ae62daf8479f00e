import { client, MilvusClient, address, assert, equal, ok, refused, fresh } from '../kit.mjs';

export const checks = {
  'the server introduces itself': async () => {
    equal(client.connectStatus, 1, 'connect status');
    assert(Number(client.serverInfo.identifier ?? 1) !== 0, 'identifier');
    assert(/^v?\d+\.\d+/.test(client.serverInfo.build_tags), `build tags ${client.serverInfo.build_tags}`);
  },
  'version and health': async () => {
    const version = await ok(client.getVersion());
    assert(/^v?\d+\.\d+/.test(version.version), version.version);
    const health = await ok(client.checkHealth());
    equal(health.isHealthy, true, 'isHealthy');
  },
  'system metrics': async () => {
    const answer = await ok(client.getMetric({ request: { metric_type: 'system_info' } }));
    assert(answer.response, 'a response');
  },
  'connecting to a database that does not exist fails': async () => {
    const other = new MilvusClient({ address, database: fresh('nodb') });
    let failed = false;
    try {
      await other.connectPromise;
      const list = await other.showCollections();
      failed = list.status.error_code !== 'Success';
    } catch {
      failed = true;
    }
    await other.closeConnection();
    assert(failed, 'the connection must be refused');
  },
  'many clients at once': async () => {
    const clients = Array.from({ length: 8 }, () => new MilvusClient({ address }));
    const answers = await Promise.all(clients.flatMap(c => Array.from({ length: 10 }, () => c.getVersion())));
    equal(new Set(answers.map(a => a.version)).size, 1, 'versions');
    await Promise.all(clients.map(c => c.closeConnection()));
  },
  'a call that is cut off by its deadline leaves the server serving': async () => {
    let refusedByDeadline = false;
    try {
      await client.showCollections({ timeout: 0.001 });
    } catch {
      refusedByDeadline = true;
    }
    assert(refusedByDeadline || true, 'either outcome is fine');
    await ok(client.showCollections());
  },
  'an unknown collection is refused by its code everywhere': async () => {
    const name = fresh('missing');
    await refused(client.describeCollection({ collection_name: name }), 100, 'collection');
    await refused(client.loadCollection({ collection_name: name }), 100, 'collection');
    await refused(client.getCollectionStatistics({ collection_name: name }), 100, 'collection');
    await refused(client.dropPartition({ collection_name: name, partition_name: 'p' }), 100, 'collection');
    await refused(client.createIndex({ collection_name: name, field_name: 'v', index_type: 'FLAT', metric_type: 'L2' }), 100, 'collection');
  },
};
