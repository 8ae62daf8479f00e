using Xunit.Abstractions;

namespace Milvus.Actors.Tests.Processes;

/// <summary>Nodes are cut off from the others while their database and their clients still reach them: the case in which two owners could write.</summary>
[Collection(ProcessCollection.Name)]
public sealed class PartitionTests(ITestOutputHelper output) : ClusterScenario(output)
{
    [LongProcessFact]
    public async Task A_node_that_fell_silent_writes_nothing_more()
    {
        await using var cluster = await ClusterProcesses.StartAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data", "streaming,query,data");
        var client = new ClusterClient(cluster.Http, cluster.Nodes[0], cluster.Nodes[1]);
        await using var load = await LoadAsync(client, replicas: 1, searchers: 1, rows: 1000);
        var silent = (await cluster.OwnersAsync(cluster.Nodes[0]))[0];
        ClusterProcesses.Freeze(silent);
        await GoneAsync(cluster, asked: cluster.Nodes[0], silent);
        await load.ProgressAsync(2000, Patience);
        Report("a node fell silent", load);
        // It believes that no time has passed and that its channels are still its own.
        ClusterProcesses.Thaw(silent);
        await load.ProgressAsync(2000, Patience);
        Report("it came back", load);
        await cluster.EndedAsync(silent, Patience);
        await load.StopAsync();
        await load.VerifyAsync();
    }

    [LongProcessFact]
    public async Task Of_a_parted_cluster_the_majority_goes_on_and_the_minority_ends()
    {
        await using var cluster = await ClusterProcesses.StartPartableAsync("coordinator,proxy", "coordinator,proxy", "streaming,query,data", "streaming,query,data", "streaming,query,data");
        await using var load = await LoadAsync(new ClusterClient(cluster.Http, cluster.Nodes[1]), replicas: 1, searchers: 1, rows: 1000);
        // Its own clients stay with the side that will lose, which has the oldest coordinator, a proxy, and a node with channels.
        await using var besides = new Workload(new ClusterClient(cluster.Http, cluster.Nodes[0]), Name, inserters: 2, searchers: 1, firstKey: 1_000_000_000);
        await besides.ProgressAsync(1000, Patience);
        var owners = await cluster.OwnersAsync(cluster.Nodes[1]);
        NodeUnderTest[] minority = [cluster.Nodes[0], owners[0]];
        Report("before the cut", load);
        cluster.Network!.Cut([.. minority.Select(n => n.Address)]);
        foreach (var node in minority) await GoneAsync(cluster, asked: cluster.Nodes[1], node);
        await load.ProgressAsync(2000, Patience);
        Report("two of five nodes were cut off, as the majority's clients saw it", load);
        Report("as the minority's clients saw it", besides);
        foreach (var node in minority) await cluster.EndedAsync(node, Patience);
        await besides.StopAsync();
        cluster.Network.Heal();
        foreach (var node in minority)
        {
            cluster.Start(node);
            await cluster.ReadyAsync(node, TimeSpan.FromSeconds(120));
        }
        await load.ProgressAsync(1000, Patience);
        Report("the two are back", load);
        await load.StopAsync();
        await load.VerifyAsync();
        await besides.VerifyAsync(through: new ClusterClient(cluster.Http, cluster.Nodes[1]));
    }

    private static async Task GoneAsync(ClusterProcesses cluster, NodeUnderTest asked, NodeUnderTest node)
    {
        using var patience = new CancellationTokenSource(Patience);
        while ((await cluster.MembersAsync(asked)).Any(m => m.Contains(node.Address, StringComparison.Ordinal))) await Task.Delay(100, patience.Token);
    }
}
