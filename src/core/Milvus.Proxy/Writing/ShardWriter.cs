using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Carries out planned writes: shards side by side, the writes of one shard in order.</summary>
internal sealed class ShardWriter(IShardGateway gateway)
{
    /// <summary>Returns the newest timestamp of the writes, zero when there were none.</summary>
    public async Task<Timestamp> WriteAsync(CollectionInfo collection, List<ShardWrite>[] plan, CancellationToken cancellation)
    {
        var shards = new List<Task<Timestamp>>(plan.Length);
        for (var shard = 0; shard < plan.Length; shard++)
            if (plan[shard].Count > 0) shards.Add(WriteShardAsync(collection, shard, plan[shard], cancellation));
        var newest = Timestamp.Zero;
        foreach (var t in await Task.WhenAll(shards).ConfigureAwait(false))
            if (t > newest) newest = t;
        return newest;
    }

    private async Task<Timestamp> WriteShardAsync(CollectionInfo collection, int shard, List<ShardWrite> writes, CancellationToken cancellation)
    {
        var newest = Timestamp.Zero;
        foreach (var write in writes) newest = await gateway.WriteAsync(collection, shard, write, cancellation).ConfigureAwait(false);
        return newest;
    }
}
