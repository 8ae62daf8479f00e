using System.Globalization;
using Milvus.Model;

namespace Milvus.DataNode;

/// <summary>Keys of objects that belong to a channel rather than to one segment.</summary>
public static class ObjectNames
{
    public const string SegmentRoot = "segments/";
    public const string TombstoneRoot = "tombstones/";

    /// <summary>Everything of one collection's segments.</summary>
    public static string Collection(long collectionId) => string.Create(CultureInfo.InvariantCulture, $"{SegmentRoot}{collectionId}/");

    /// <summary>Everything of one collection's tombstone files.</summary>
    public static string CollectionTombstones(long collectionId) => string.Create(CultureInfo.InvariantCulture, $"{TombstoneRoot}{collectionId}/");

    public static string Tombstones(ShardId shard, long sequence, long partitionId) =>
        string.Create(CultureInfo.InvariantCulture, $"{TombstoneRoot}{shard.CollectionId}/{shard.Shard}/{sequence:D20}-{partitionId}.del");
}
