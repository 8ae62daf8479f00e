using Milvus.TestKit.S3;
using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>What the cluster stands on goes away for a while and comes back; nobody restarts a node.</summary>
[Collection(ProcessCollection.Name)]
public sealed class OutageTests(ITestOutputHelper output) : ClusterScenario(output)
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(60);

    [LongProcessFact]
    public async Task A_database_that_is_away_for_a_minute_needs_no_restart()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await using var load = await LoadAsync(client, replicas: 1, searchers: 1, rows: 1000);
        await cluster.Postgres.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(5));
        var searches = load.Searches;
        await Task.Delay(s_outage);
        Assert.True(load.Searches > searches, "loaded data was not searched while the database was away");
        await cluster.Postgres.StartAsync();
        await load.ProgressAsync(1000, Patience);
        Report("the database was away for a minute", load);
        await load.StopAsync();
        await load.VerifyAsync();
    }

    [LongProcessFact]
    public async Task Object_storage_that_is_away_for_a_minute_costs_no_write_and_no_search()
    {
        await using var storage = await S3Server.StartAsync();
        var bucket = new Bucket($"{storage.Url}/milvus", storage.AccessKey, storage.SecretKey);
        await using var cluster = await ClusterProcesses.StartOnAsync(bucket, "coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await using var load = await LoadAsync(client, replicas: 1, searchers: 1, rows: 3000);
        await client.CallAsync("collections/flush", new { collectionName = Name });
        await load.ProgressAsync(1000, Patience);
        Report("before the outage", load);
        await storage.PauseAsync();
        // Wants to seal and cannot: it must be done when the storage is back.
        var flush = client.CallAsync("collections/flush", new { collectionName = Name }, TimeSpan.FromMinutes(3));
        await Task.Delay(s_outage);
        await load.ProgressAsync(500, Patience);
        Report("object storage was away for a minute", load);
        Assert.Equal(0, load.FailedSearches);
        await storage.ResumeAsync();
        await flush;
        await load.ProgressAsync(500, Patience);
        await cluster.SettledAsync(cluster.Nodes[0], Patience);
        Report("it is back", load);
        await load.StopAsync();
        await load.VerifyAsync();
        Assert.True(load.InDoubt == 0, string.Join('\n', load.Problems.Take(20)));
    }
}
