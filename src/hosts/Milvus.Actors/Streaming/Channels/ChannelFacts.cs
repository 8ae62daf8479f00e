using Milvus.Actors.Node;
using Milvus.Coordinator.Replication;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>What must be known before a channel's journal can be replayed.</summary>
/// <param name="Info">Null when the collection does not exist (any more).</param>
internal sealed record ChannelFacts(CollectionInfo? Info, StoredSegments Stored)
{
    /// <summary>Reads the facts; a collection that this node has not heard of is looked for in the meta store.</summary>
    public static async Task<ChannelFacts> LoadAsync(NodeServices services, ShardId id, CancellationToken cancellation)
    {
        var catalog = services.Catalog.Catalog;
        var info = catalog.FindCollection(id.CollectionId);
        if (info is null)
        {
            await services.Catalog.EnsureAsync(catalog.Version + 1, cancellation).ConfigureAwait(false);
            info = services.Catalog.Catalog.FindCollection(id.CollectionId);
        }
        if (info is null || id.Shard >= info.ShardCount) return new ChannelFacts(null, new StoredSegments([], []));
        return new ChannelFacts(info, await SegmentStore.LoadAsync(services.Meta, id.CollectionId, cancellation).ConfigureAwait(false));
    }
}
