using Milvus.Model;

namespace Milvus.Actors.Node;

/// <summary>The names by which the parts of the cluster find each other. Frozen: nodes of neighbouring versions share them, and journals are found by them.</summary>
public static class ClusterNames
{
    public const string System = "milvus";

    public const string Coordinator = "coordinator";
    public const string CoordinatorProxy = "coordinator-proxy";
    public const string ChannelRegion = "channel";
    public const string SegmentRegion = "segment";
    public const string TaskRegion = "task";

    /// <summary>Shards of the channel region. Fixed for the life of a cluster.</summary>
    public const int ChannelShards = 128;

    /// <summary>Shards of the segment region per replica number.</summary>
    public const int SegmentShards = 128;

    public const int TaskShards = 32;

    public static string Channel(ShardId id) => id.ToString();

    public static string ChannelPersistence(ShardId id) => $"channel-{id}";

    public static string Segment(long collectionId, long segmentId, int replica) =>
        string.Create(System_.Invariant, $"{collectionId}-{segmentId}-{replica}");

    public static string ChannelShard(string entityId) => (StableHash(entityId) % ChannelShards).ToString(System_.Invariant);

    public static string SegmentShard(long segmentId, int replica) =>
        string.Create(System_.Invariant, $"{StableHash(segmentId.ToString(System_.Invariant)) % SegmentShards}-{replica}");

    public static string TaskShard(string taskId) => (StableHash(taskId) % TaskShards).ToString(System_.Invariant);

    /// <summary>FNV-1a over UTF-16 code units: the same on every node and in every version.</summary>
    public static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text) hash = (hash ^ c) * 16777619u;
        // The low bits of short texts differ little without this.
        return hash ^ (hash >> 15);
    }

    private static class System_
    {
        public static readonly global::System.Globalization.CultureInfo Invariant = global::System.Globalization.CultureInfo.InvariantCulture;
    }
}

/// <summary>What a node can be. A node may have any of them, at least one.</summary>
public static class NodeRoles
{
    public const string Coordinator = "coordinator";
    public const string Proxy = "proxy";
    public const string Streaming = "streaming";
    public const string Query = "query";
    public const string Data = "data";

    public static readonly string[] All = [Coordinator, Proxy, Streaming, Query, Data];
}
