using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Actor;
using Milvus.Actors.Node;
using Milvus.Api.Server;

namespace Milvus.Actors.Hosting;

/// <summary>
/// Keeps the readiness answer true: a node is ready when it is a member that is up, has the catalogue, and its regions know their coordinator.
/// </summary>
internal sealed class Readiness(NodeServices services, ServerHealth health)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private volatile bool _leaving;

    public void Leave()
    {
        _leaving = true;
        health.NotReady("leaving the cluster");
    }

    public async Task WatchAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(s_interval, services.Time);
        do
        {
            var problem = await ProblemAsync().ConfigureAwait(false);
            if (_leaving) return;
            if (problem is null) health.Ready();
            else health.NotReady(problem);
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private async Task<string?> ProblemAsync()
    {
        var member = Cluster.Get(services.System).SelfMember;
        if (member.Status != MemberStatus.Up) return $"member status is {member.Status}";
        if (services.Catalog.Catalog.Version == 0) return "the catalogue is not there yet: no coordinator so far";
        foreach (var (role, region) in new[] { (NodeRoles.Streaming, services.Channels), (NodeRoles.Query, services.Segments), (NodeRoles.Data, services.Tasks) })
        {
            if (!services.Roles.Contains(role)) continue;
            try
            {
                await region.Ask<CurrentRegions>(GetCurrentRegions.Instance, s_patience).ConfigureAwait(false);
            }
            catch (Exception e) when (e is AskTimeoutException or TaskCanceledException)
            {
                return $"the {role} region has not found its coordinator";
            }
        }
        return null;
    }
}
