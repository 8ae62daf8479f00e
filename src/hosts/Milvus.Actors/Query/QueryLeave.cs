using Akka;
using Akka.Cluster;
using Milvus.Actors.Node;

namespace Milvus.Actors.Query;

/// <summary>
/// Keeps a query node that leaves the cluster in service until its segments are loaded on others: the entities are handed over in an instant, the memory behind them
/// is not.
/// </summary>
internal sealed class QueryLeave(Cluster cluster, SegmentTable table, NodeLoads loads, QueryOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Beside the hand-over of the region. Ends early when there is nobody to take over.</summary>
    public async Task<Done> KeepServingAsync()
    {
        var held = Held();
        var started = time.GetTimestamp();
        while (held.Count > 0 && time.GetElapsedTime(started) < options.LeavePatience)
        {
            var others = Others();
            if (others.Count == 0) break;
            if (held.All(shard => others.Any(o => loads.Find(o) is { Loading: 0 } load && load.ShardBytes.GetValueOrDefault(shard.Key) >= shard.Value)))
            {
                await Task.Delay(options.LeavePause, time).ConfigureAwait(false);
                break;
            }
            await Task.Delay(s_pause, time).ConfigureAwait(false);
        }
        return Done.Instance;
    }

    // Not every byte: an index may have come or gone on the way.
    private Dictionary<string, long> Held()
    {
        var held = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var replica in table.Replicas)
        {
            foreach (var number in replica.Replicas)
            {
                var shard = ClusterNames.SegmentShard(replica.SegmentId, number);
                held[shard] = held.GetValueOrDefault(shard) + (replica.ReservedBytes / 2);
            }
        }
        return held;
    }

    private List<string> Others() =>
        [.. cluster.State.Members.Where(m => m.HasRole(NodeRoles.Query) && m.Status == MemberStatus.Up && m.Address != cluster.SelfAddress).Select(m => m.Address.ToString())];
}
