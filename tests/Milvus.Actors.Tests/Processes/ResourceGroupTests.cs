using System.Diagnostics;
using Milvus.Coordinator.Resources;
using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>Segments stay on the nodes of their resource group, whichever those are at the moment, and are searched all the time.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ResourceGroupTests(ITestOutputHelper output) : ClusterScenario(output)
{
    private const string Group = "own";

    private readonly ITestOutputHelper _output = output;

    [LongProcessFact]
    public async Task Segments_follow_their_group_while_nodes_come_and_go()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy,streaming,data", "query", "query", "query");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[1], cluster.Nodes[0]);
        await client.CallAsync("resource_groups/create", new { name = Group, config = new { requests = new { node_num = 1 }, limits = new { node_num = 1 } } });
        var own = Assert.Single(await NodesAsync(client, cluster, Group));
        Assert.Equal(2, (await NodesAsync(client, cluster, ResourceGroupInfo.DefaultName)).Count);

        await CreateAsync(client, replicas: 1);
        await client.CallAsync("collections/alter_properties", new { collectionName = Name, properties = new Dictionary<string, string> { ["collection.resource_groups"] = Group } });
        await client.CallAsync("collections/release", new { collectionName = Name });
        await client.CallAsync("collections/load", new { collectionName = Name });
        await using var load = new Workload(client, Name, inserters: 1, searchers: 2);
        await load.ProgressAsync(5000, Patience);
        await client.CallAsync("collections/flush", new { collectionName = Name });
        await HeldByAsync(cluster, n => n == own, "loading into the group", load);

        await ClusterProcesses.KillAsync(own);
        await HeldByAsync(cluster, n => n != own, "kill -9 of the group's node", load);
        var standIn = Assert.Single(await NodesAsync(client, cluster, Group));
        Assert.NotEqual(own, standIn);

        cluster.Start(own);
        await cluster.ReadyAsync(own, Patience);
        var failed = load.FailedSearches;
        await HeldByAsync(cluster, n => n == own, "return of the group's node", load);
        Assert.Equal([own], await NodesAsync(client, cluster, Group));

        await ClusterProcesses.KillAsync(cluster.Nodes[0]);
        await client.CallAsync("resource_groups/transfer_replica", new { collectionName = Name, sourceRgName = Group, targetRgName = ResourceGroupInfo.DefaultName, replicaNum = 1 }, Patience);
        await HeldByAsync(cluster, n => n != own, "transfer of the replica, by the next coordinator", load);
        Assert.Equal([own], await NodesAsync(client, cluster, Group));
        Assert.True(failed == load.FailedSearches, string.Join('\n', load.Problems));
    }

    // Waits until all sealed segments are ready on such nodes only, and some are there.
    private async Task HeldByAsync(ClusterProcesses cluster, Func<NodeUnderTest, bool> isHome, string what, Workload load)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var holders = await cluster.HoldersAsync(cluster.Nodes[1]);
            if (holders.Count > 0 && holders.All(h => h is not null && isHome(h))) break;
            Assert.True(watch.Elapsed < Patience, $"{what}: segments are on {string.Join(' ', holders.Select(h => h?.Address ?? "none"))}");
            await Task.Delay(200);
        }
        Report(what, load);
        _output.WriteLine(FormattableString.Invariant($"{what}: segments are there after {watch.Elapsed.TotalSeconds:F1} s"));
    }

    private static async Task<IReadOnlyList<NodeUnderTest>> NodesAsync(ClusterClient client, ClusterProcesses cluster, string group)
    {
        var described = await client.RawAsync("resource_groups/describe", new { name = group });
        var addresses = (described["resource_group"]!["nodes"]?.AsArray() ?? []).Select(n => n!["address"]!.ToString()).ToHashSet();
        return [.. cluster.Nodes.Where(n => addresses.Contains($"{n.Address}:{ClusterProcesses.ClusterPort}"))];
    }
}
